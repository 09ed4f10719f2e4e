"""Who works at the demo company: plain data, readable without Odoo."""

from typing import NamedTuple

ENGLISH = "en_US"
CHINESE = "zh_CN"

PASSWORD = "demo"
ADMINISTRATOR = "admin"
CUSTOMER = "customer"

SALES = "sales_team.group_sale_salesman"
TEAM_SALES = "sales_team.group_sale_salesman_all_leads"


class Person(NamedTuple):
    """An employee who logs in."""

    login: str
    name: str
    role: str
    # What is not installed is left out.
    groups: tuple
    manager: str | None
    team: str | None = None
    language: str = CHINESE


PEOPLE = (
    Person(
        "chen.guohua",
        "陈国华 Michael Chen",
        "General manager",
        ("sale_approval.group_general_manager",),
        None,
        language=ENGLISH,
    ),
    Person(
        "wu.jian",
        "吴健 Wu Jian",
        "Sales manager",
        ("sales_team.group_sale_manager",),
        "chen.guohua",
    ),
    Person(
        "li.na",
        "李娜 Li Na",
        "Finance manager",
        ("account.group_account_manager", "account.group_account_user"),
        "chen.guohua",
    ),
    Person(
        "he.jing",
        "何静 He Jing",
        "Accountant",
        ("account.group_account_invoice",),
        "li.na",
    ),
    Person(
        "huang.tao",
        "黄涛 Huang Tao",
        "Purchaser",
        ("purchase.group_purchase_user",),
        "chen.guohua",
    ),
    Person(
        "ma.chao",
        "马超 Ma Chao",
        "Warehouse",
        ("stock.group_stock_user",),
        "chen.guohua",
    ),
    Person(
        "guo.liang",
        "郭亮 Guo Liang",
        "Production",
        ("mrp.group_mrp_user",),
        "chen.guohua",
    ),
    Person(
        "sun.yan",
        "孙岩 Sun Yan",
        "Auditor",
        ("erp_audit.group_audit_auditor",),
        "chen.guohua",
    ),
    Person(
        "tang.li",
        "唐丽 Tang Li",
        "Access manager",
        ("erp_audit.group_access_manager",),
        "chen.guohua",
    ),
    Person(
        "li.qiang",
        "李强 Li Qiang",
        "Team leader",
        (TEAM_SALES,),
        "wu.jian",
        team="south",
    ),
    Person(
        "xu.hui",
        "徐慧 Xu Hui",
        "Team leader",
        (TEAM_SALES,),
        "wu.jian",
        team="east",
    ),
    Person(
        "gao.feng",
        "高峰 Gao Feng",
        "Team leader",
        (TEAM_SALES,),
        "wu.jian",
        team="north",
    ),
    Person(
        "lin.yue",
        "林悦 Lin Yue",
        "Team leader",
        (TEAM_SALES,),
        "wu.jian",
        team="overseas",
        language=ENGLISH,
    ),
    Person(
        "zhang.wei",
        "张伟 Zhang Wei",
        "Salesperson",
        (SALES,),
        "li.qiang",
        team="south",
    ),
    Person(
        "wang.fang",
        "王芳 Wang Fang",
        "Salesperson",
        (SALES,),
        "li.qiang",
        team="south",
    ),
    Person(
        "liu.yang",
        "刘洋 Liu Yang",
        "Salesperson",
        (SALES,),
        "xu.hui",
        team="east",
    ),
    Person(
        "chen.jing",
        "陈静 Chen Jing",
        "Salesperson",
        (SALES,),
        "xu.hui",
        team="east",
    ),
    Person(
        "yang.fan",
        "杨帆 Yang Fan",
        "Salesperson",
        (SALES,),
        "gao.feng",
        team="north",
    ),
    Person(
        "zhou.min",
        "周敏 Emma Zhou",
        "Salesperson",
        (SALES,),
        "lin.yue",
        team="overseas",
        language=ENGLISH,
    ),
)

# Key: name in English and Chinese. The leader is the team leader above.
TEAMS = {
    "south": ("South China", "华南销售部"),
    "east": ("East China", "华东销售部"),
    "north": ("North China", "华北销售部"),
    "overseas": ("Overseas", "海外销售部"),
}

# Whom a visitor logs in as, one per role.
LISTED = (
    "zhang.wei",
    "zhou.min",
    "li.qiang",
    "wu.jian",
    "li.na",
    "huang.tao",
    "ma.chao",
    "guo.liang",
    "sun.yan",
    "tang.li",
    "chen.guohua",
)


def salespeople(team=None):
    """Return the logins of the salespeople, of one team if given."""
    return [
        person.login
        for person in PEOPLE
        if person.role == "Salesperson" and team in (None, person.team)
    ]


def leader(team):
    """Return the login of the leader of `team`."""
    return next(
        person.login
        for person in PEOPLE
        if person.role == "Team leader" and person.team == team
    )


def logins():
    """Return (role, login, password) of one user per role."""
    people = {person.login: person for person in PEOPLE}
    rows = []
    for login in LISTED:
        person = people[login]
        language = "English" if person.language == ENGLISH else "中文"
        rows.append((f"{person.role}, {language}", login, PASSWORD))
    rows.append(("Administrator, 中文", ADMINISTRATOR, PASSWORD))
    rows.append(("Customer, portal, 中文", CUSTOMER, PASSWORD))
    return rows
