"""The company: it must be there before the addons, which look at its country."""

import base64
import io

from PIL import Image, ImageDraw, ImageFont

from tools.demo.store import TIME_ZONE, ZH

# Short, because it stands in the top bar; printouts carry the legal name.
NAME = "岚川电子 Lanchuan Electronics"
DETAILS = {
    "en_US": (
        "Shenzhen Lanchuan Electronics Co., Ltd.",
        "6/F Lanchuan Building, 18 Gaoxin South 7th Road, Nanshan, Shenzhen 518057",
        "Tel. +86 755 5550 1800 · info@example.com",
    ),
    ZH: (
        "深圳市岚川电子有限公司",
        "深圳市南山区科技园高新南七道 18 号岚川大厦 6 楼 518057",
        "电话 +86 755 5550 1800 · info@example.com",
    ),
}
TAGLINE = {
    "en_US": "Sensors, power and control electronics since 2009",
    ZH: "专注传感、电源与控制电子，始于 2009 年",
}
BLUES = ("#7fb2e5", "#3d84cc", "#17508f")
LANGUAGES = ("en_US", ZH)


def activate_languages(env):
    """Activate Chinese and load what is already installed in it."""
    languages = env["res.lang"].with_context(active_test=False)
    languages = languages.search([("code", "in", LANGUAGES), ("active", "=", False)])
    if languages:
        languages.active = True
        env["ir.module.module"].search(
            [("state", "=", "installed")]
        )._update_translations(languages.mapped("code"))


def draw_logo():
    """Return the logo as base64 text: three rising bars, the name beside them."""
    image = Image.new("RGBA", (520, 120), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    for index, height in enumerate((40, 64, 88)):
        left = 8 + 30 * index
        box = (left, 104 - height, left + 20, 104)
        draw.rounded_rectangle(box, radius=6, fill=BLUES[index])
    font = ImageFont.load_default(size=58)
    draw.text((116, 60), "LANCHUAN", font=font, fill=BLUES[-1], anchor="lm")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return base64.b64encode(stream.getvalue())


def name_company(env):
    """Make the main company the demo company."""
    company = env.ref("base.main_company")
    company.write(
        {
            "name": NAME,
            "country_id": env.ref("base.cn").id,
            "currency_id": env.ref("base.CNY").id,
        }
    )
    company.write(
        {
            "street": "南山区科技园高新南七道 18 号 岚川大厦 6 楼",
            "city": "深圳市",
            "state_id": env.ref("base.state_cn_GD").id,
            "zip": "518057",
            "phone": "+86 755 5550 1800",
            "email": "info@example.com",
            "website": "https://www.example.com",
            "vat": "91440300MA5LCHX01K",
            "logo": draw_logo(),
            # Unset, the first printout asks for it.
            "external_report_layout_id": env.ref("web.external_layout_standard").id,
        }
    )
    for language in LANGUAGES:
        local = company.with_context(lang=language)
        local.report_header = f"<p>{TAGLINE[language]}</p>"
        local.company_details = f"<p>{'<br>'.join(DETAILS[language])}</p>"
    env["ir.default"].set("res.partner", "lang", ZH)
    env["ir.default"].set("res.partner", "tz", TIME_ZONE)
    partners = company.partner_id + env.ref("base.user_admin").partner_id
    partners.write({"lang": ZH, "tz": TIME_ZONE})


def dress_website(demo):
    """Show the company's name and logo to visitors, in Chinese."""
    if not demo.has("website"):
        return None
    website = demo.env["website"].search([], limit=1)
    chinese = demo.env["res.lang"]._lang_get(ZH)
    website.write({"name": NAME, "logo": draw_logo(), "default_lang_id": chinese.id})
    return "name and logo"
