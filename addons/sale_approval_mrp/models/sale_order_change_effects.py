from odoo import models

from odoo.addons.approval_flow.engine import plain_number
from odoo.addons.sale_approval.models.sale_order_change_impact import _effect


class SaleOrderChange(models.Model):
    """What a request sets off in production, see ``sale_order_change_impact.py``."""

    _inherit = "sale.order.change"

    # -- pictures ----------------------------------------------------------------------

    def _change_picture(self):
        """Override to add manufacturing orders, and the transfers that feed them."""
        picture = super()._change_picture()
        orders = self._change_productions()
        feeding = orders.move_raw_ids._change_with_suppliers().filtered("picking_id")
        for move in feeding:
            picture["moves"][str(move.id)] = self._picture_move(move)
        for picking in feeding.picking_id:
            picture["transfers"][str(picking.id)] = self._picture_transfer(picking)
        picture["productions"] = {
            str(order.id): self._picture_production(order) for order in orders
        }
        picture["spare"] = {
            str(product.id): made
            for product, (made, _idle, _slack) in (
                self._change_production_spare().items()
            )
        }
        return picture

    def _picture_production(self, order):
        due, _deadline = order._change_when()
        return {
            "name": order.name,
            "product_id": order.product_id.id,
            "product": order.product_id.display_name,
            "unit": order.product_id.uom_id.name,
            "state": order.state,
            "begun": order._change_is_begun(),
            "quantity": order._change_open_quantity(),
            "made": sum(
                move._change_quantity()
                for move in order._change_finished()
                if move.state == "done"
            ),
            "start": str(order.date_start),
            "due": str(due) if due else "",
            "brought": any(
                move.state == "done" and move.picking_id
                for move in order.move_raw_ids.move_orig_ids
            ),
        }

    def _change_purchases(self, order):
        """Override to add what is bought for production."""
        purchases = super()._change_purchases(order)
        if "created_purchase_line_ids" not in self.env["stock.move"]._fields:
            return purchases
        for line in order.order_line:
            moves = line._change_production_levels().move_raw_ids
            moves |= moves.browse(moves._rollup_move_origs())
            for purchase in moves.created_purchase_line_ids | moves.purchase_line_id:
                purchases.setdefault(purchase, line.browse())
                purchases[purchase] |= line
        return purchases

    def _change_outcome(self):
        """Override: production is asked about orders that it has confirmed."""
        values = super()._change_outcome()
        values["impact_production"] = any(
            effect.get("confirmed") for effect in values["impact"]["effects"]
        )
        return values

    # -- effects -----------------------------------------------------------------------

    def _change_effects(self, before, after):
        """Override to add one effect per manufacturing order that is concerned."""
        after = self._change_complete(before, after)
        effects = super()._change_effects(before, after)
        old, new = before["productions"], after["productions"]
        for key in sorted({*old, *new}, key=int):
            was, now = old.get(key), new.get(key)
            if was is None:
                effects.append(self._effect_of_production("new", key, now))
            else:
                effects += self._effects_of_production(key, was, now)
        for product, spare in after["spare"].items():
            more = max(spare, 0.0) - max(before["spare"].get(product, 0.0), 0.0)
            effects += self._effects_of_surplus(int(product), more, after)
        return effects + self._effects_of_kits()

    def _change_complete(self, before, after):
        """Return a picture with all that was in one before.

        What is cancelled is linked to nothing any more, so it is not found again.
        """
        for kind, model, take in (
            ("productions", "mrp.production", self._picture_production),
            ("moves", "stock.move", self._picture_move),
            ("transfers", "stock.picking", self._picture_transfer),
        ):
            gone = [int(key) for key in {*before[kind]} - {*after[kind]}]
            found = self.env[model].browse(gone).exists()
            added = {str(record.id): take(record) for record in found}
            after = {**after, kind: {**after[kind], **added}}
        return {**after, "purchases": self._change_complete_purchases(before, after)}

    def _change_complete_purchases(self, before, after):
        purchases = dict(after["purchases"])
        for key, old in before["purchases"].items():
            if key in purchases:
                continue
            line = self.env["purchase.order.line"].browse(int(key)).exists()
            if line:
                served = self.env["sale.order.line"].browse(old["lines"])
                purchases[key] = self._picture_purchase(line, served)
        return purchases

    def _effect_of_production(self, code, key, order, tone="", **values):
        effect = _effect(
            f"production_{code}",
            "cogs",
            tone,
            "production",
            document=("mrp.production", int(key)),
            name=order["name"],
            product=order["product"],
            **values,
        )
        if code == "new":
            effect["values"].update(quantity=order["quantity"], unit=order["unit"])
        # told to production first, if it knows of the order and it is not for more
        confirmed = order["state"] not in ("draft", "done", "cancel")
        more = code == "new" or values.get("new", 0.0) > values.get("old", 0.0)
        return {**effect, "confirmed": confirmed and not more}

    def _effects_of_production(self, key, was, now):
        """Return what happens to one order that was there before."""
        unit = {"unit": was["unit"]}
        left = now["quantity"] if now and now["state"] != "cancel" else 0.0
        effects = []
        if was["quantity"] and not left and was["state"] not in ("done", "cancel"):
            effects.append(
                self._effect_of_production(
                    "cancelled", key, was, "danger", quantity=was["quantity"], **unit
                )
            )
        elif left != was["quantity"]:
            tone = "warning" if left < was["quantity"] else ""
            effects.append(
                self._effect_of_production(
                    "quantity", key, was, tone, old=was["quantity"], new=left, **unit
                )
            )
        if left < was["quantity"] and was["brought"]:
            effects.append(
                _effect(
                    "components_brought",
                    "undo",
                    "danger",
                    document=("mrp.production", int(key)),
                    name=was["name"],
                )
            )
        if left and now["start"] != was["start"]:
            effects.append(
                self._effect_of_production(
                    "date", key, was, "warning", date=now["start"]
                )
            )
        elif left and was["begun"] and was["due"] and now["due"] != was["due"] != "":
            if now["due"]:
                effects.append(
                    self._effect_of_production(
                        "begun_date", key, was, "danger", date=now["due"]
                    )
                )
        return effects

    def _effects_of_surplus(self, product_id, quantity, after):
        """Return what is made of a product though nobody needs it any more."""
        uom = self.env["product.product"].browse(product_id).uom_id
        orders = [
            (key, order)
            for key, order in after["productions"].items()
            if order["product_id"] == product_id and order["begun"]
        ]
        effects = []
        for code, name, tone in (
            ("begun", "quantity", "danger"),
            ("made", "made", "warning"),
        ):
            for key, order in sorted(orders, key=lambda item: -int(item[0])):
                less = min(quantity, order[name])
                if uom.compare(less, 0.0) > 0:
                    quantity -= less
                    unit = order["unit"]
                    effects.append(
                        self._effect_of_production(
                            code, key, order, tone, quantity=less, unit=unit
                        )
                    )
        return effects

    def _effects_of_kits(self):
        """Return what the customer has of kits that are not complete."""
        effects = []
        for line in self._change_lines_with_less().order_line_id:
            if line.order_id.state != "sale" or not line._change_is_kit():
                continue
            beyond = {}
            parts = line._change_kit_parts(line.product_uom_qty)
            for key, done in line._change_kit_delivered().items():
                more = max(done - parts.get(key, 0.0), 0.0)
                beyond[key[0]] = beyond.get(key[0], 0.0) + more
            for product, quantity in beyond.items():
                if product.uom_id.compare(quantity, 0.0) > 0:
                    effects.append(self._effect_of_kit(line, product, quantity))
        return effects

    def _effect_of_kit(self, line, component, quantity):
        return _effect(
            "kit_incomplete",
            "cubes",
            "danger",
            "sales",
            document=("sale.order", line.order_id.id),
            product=line.product_id.display_name,
            component=component.display_name,
            quantity=quantity,
            unit=component.uom_id.name,
        )

    # -- in words ----------------------------------------------------------------------

    def _effect_production_new(self, name, product, quantity, unit):
        return self.env._(
            "A manufacturing order is created for %(quantity)s %(unit)s of "
            "%(product)s.",
            product=product,
            unit=unit,
            quantity=plain_number(quantity),
        )

    def _effect_production_cancelled(self, name, product, quantity, unit):
        return self.env._(
            "Manufacturing order %(name)s over %(quantity)s %(unit)s of %(product)s is "
            "cancelled.",
            name=name,
            product=product,
            unit=unit,
            quantity=plain_number(quantity),
        )

    def _effect_production_quantity(self, name, product, unit, old, new):
        return self.env._(
            "Manufacturing order %(name)s: %(product)s goes from %(old)s to %(new)s "
            "%(unit)s.",
            name=name,
            product=product,
            unit=unit,
            old=plain_number(old),
            new=plain_number(new),
        )

    def _effect_production_date(self, name, product, date):
        return self.env._(
            "Manufacturing order %(name)s for %(product)s starts on %(date)s.",
            name=name,
            product=product,
            date=date[:10],
        )

    def _effect_production_begun(self, name, product, quantity, unit):
        return self.env._(
            "Manufacturing order %(name)s has begun and stays as it is: %(quantity)s "
            "%(unit)s of %(product)s more than needed go to stock, unless production "
            "stops them.",
            name=name,
            product=product,
            unit=unit,
            quantity=plain_number(quantity),
        )

    def _effect_production_begun_date(self, name, product, date):
        return self.env._(
            "Manufacturing order %(name)s has begun and stays as it is: production "
            "sees to it that %(product)s is ready by %(date)s.",
            name=name,
            product=product,
            date=date[:10],
        )

    def _effect_production_made(self, name, product, quantity, unit):
        return self.env._(
            "%(quantity)s %(unit)s of %(product)s are made already (%(name)s) and stay "
            "in stock.",
            name=name,
            product=product,
            unit=unit,
            quantity=plain_number(quantity),
        )

    def _effect_components_brought(self, name):
        return self.env._(
            "Components for manufacturing order %s are in production already: what is "
            "left goes back to its shelf.",
            name,
        )

    def _effect_kit_incomplete(self, product, component, quantity, unit):
        return self.env._(
            "%(quantity)s %(unit)s of %(component)s were delivered for sets of "
            "%(product)s that will not be complete: agree with the customer whether "
            "they come back.",
            product=product,
            component=component,
            unit=unit,
            quantity=plain_number(quantity),
        )

    def _change_follow_ups(self):
        """Override: what production and the warehouse have to do themselves."""
        return {
            **super()._change_follow_ups(),
            "production_begun": self.env._("stop or keep what is too much"),
            "production_begun_date": self.env._("keep the new date"),
            "components_brought": self.env._("put components back"),
            "kit_incomplete": self.env._("agree on incomplete sets"),
        }
