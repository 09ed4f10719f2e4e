import { Component } from "@odoo/owl";

import { areDatesEqual, formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { DateTimeField, dateTimeField } from "@web/views/fields/datetime/datetime_field";
import { FloatField, floatField } from "@web/views/fields/float/float_field";
import { formatFloat } from "@web/views/fields/formatters";
import { buildM2OFieldDescription, Many2OneField } from "@web/views/fields/many2one/many2one_field";

/**
 * A proposed value with the old one beside it: `10 → 4`.
 *
 * The old value is another field of the record, named by the option `old`. What does not
 * change is shown once and plainly; what changes is the only thing with a colour.
 */
class ChangeValue extends Component {
    static template = "approval_flow.ChangeValue";

    get inner() {
        const { old, ...props } = this.props;
        return props;
    }

    get data() {
        return this.props.record.data;
    }

    get value() {
        return this.data[this.props.name];
    }

    get oldValue() {
        return this.data[this.props.old];
    }

    /** Lines without a document's line are added: there is nothing old. */
    get hasOld() {
        return !("order_line_id" in this.data) || Boolean(this.data.order_line_id);
    }

    get isChanged() {
        return this.hasOld && this.differs;
    }
}

export class ChangeFloat extends ChangeValue {
    static components = { Inner: FloatField };
    static props = { ...FloatField.props, old: String };
    static defaultProps = FloatField.defaultProps;

    get differs() {
        return this.format(this.value) !== this.format(this.oldValue);
    }

    get text() {
        return this.format(this.value);
    }

    get oldText() {
        return this.format(this.oldValue);
    }

    format(value) {
        return formatFloat(value || 0, {
            digits: this.props.digits,
            field: this.props.record.fields[this.props.name],
            trailingZeros: this.props.trailingZeros,
        });
    }
}

export class ChangeDate extends ChangeValue {
    static components = { Inner: DateTimeField };
    static props = { ...DateTimeField.props, old: String };
    static defaultProps = DateTimeField.defaultProps;

    get differs() {
        const { value, oldValue } = this;
        return Boolean(value) && !(oldValue && areDatesEqual(value, oldValue));
    }

    get text() {
        return this.value ? formatDate(this.value) : "";
    }

    get oldText() {
        return this.oldValue ? formatDate(this.oldValue) : "";
    }
}

export class ChangeMany2One extends ChangeValue {
    static components = { Inner: Many2OneField };
    static props = { ...Many2OneField.props, old: String };

    get differs() {
        return Boolean(this.value) && this.value.id !== (this.oldValue && this.oldValue.id);
    }

    get text() {
        return (this.value && this.value.display_name) || "";
    }

    get oldText() {
        return (this.oldValue && this.oldValue.display_name) || "";
    }
}

const withOld = (field, component) => ({
    ...field,
    component,
    extractProps: (staticInfo, dynamicInfo) => ({
        ...field.extractProps(staticInfo, dynamicInfo),
        old: staticInfo.options.old,
    }),
});

const fields = registry.category("fields");
fields.add("change_float", {
    ...withOld(floatField, ChangeFloat),
    listViewWidth: [80, 150],
});
fields.add("change_date", {
    ...withOld(dateTimeField, ChangeDate),
    listViewWidth: [120, 190],
});
fields.add("change_many2one", withOld(buildM2OFieldDescription(ChangeMany2One), ChangeMany2One));
