"""Registers the estate with the platform as its administrators would: agencies, people, systems, sources.

Runs once, on an empty platform, through the services that the pages use; everything it does is in the audit trail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.choices import Role
from accounts.models import Agency, Person
from accounts.services import create_agency, create_person, grant_role
from assets.choices import ValuesPolicy
from assets.services.sources import register_source
from assets.services.systems import create_system
from demo.build import Built
from standards.services.seed import adopt_shipped

CITY = ("330900", "滨海市", "Binhai City")
BUREAU = ("330900-DSJ", "滨海市数据资源管理局", "市数据局", "Data Resources Bureau")


@dataclass(frozen=True)
class Unit:
    """An agency of the city with its steward and the system that its source belongs to."""

    key: str
    name: str
    short: str
    english: str
    steward: str
    username: str
    system: str


UNITS = (
    Unit("GA", "滨海市公安局", "市公安局", "Public Security Bureau", "陈国栋", "chenguodong", "人口信息管理系统"),
    Unit("MZ", "滨海市民政局", "市民政局", "Civil Affairs Bureau", "周敏", "zhoumin", "民政业务综合系统"),
    Unit("RS", "滨海市人力资源和社会保障局", "市人社局", "Human Resources and Social Security Bureau", "王海燕",
         "wanghaiyan", "社会保险业务系统"),
    Unit("ZR", "滨海市自然资源和规划局", "市自然资源局", "Natural Resources and Planning Bureau", "赵立新", "zhaolixin",
         "不动产登记系统"),
    Unit("YB", "滨海市医疗保障局", "市医保局", "Healthcare Security Bureau", "孙倩", "sunqian", "医保结算系统"),
    Unit("SC", "滨海市市场监督管理局", "市市场监管局", "Market Regulation Bureau", "吴刚", "wugang", "市场主体登记系统"),
    Unit("WJ", "滨海市卫生健康委员会", "市卫健委", "Health Commission", "郑洁", "zhengjie", "公共卫生信息平台"),
    Unit("JY", "滨海市教育局", "市教育局", "Education Bureau", "冯磊", "fenglei", "学籍管理系统"),
    Unit("YJ", "滨海市应急管理局", "市应急局", "Emergency Management Bureau", "蒋涛", "jiangtao", "隐患排查治理系统"),
    Unit("SW", "国家税务总局滨海市税务局", "市税务局", "Tax Bureau", "沈丽", "shenli", "税务数据交换平台"),
    Unit("ZJ", "滨海市住房和城乡建设局", "市住建局", "Housing and Construction Bureau", "韩斌", "hanbin", "住建统计报表系统"),
    Unit("JT", "滨海市交通运输局", "市交通局", "Transport Bureau", "杨帆", "yangfan", "交通运行监测平台"),
    Unit("HB", "滨海市生态环境局", "市生态环境局", "Ecology and Environment Bureau", "朱琳", "zhulin", "环境监测平台"),
    Unit("GJJ", "滨海市住房公积金管理中心", "市公积金中心", "Housing Fund Centre", "许静", "xujing", "公积金核心业务系统"),
)  # fmt: skip

# Username, name, role words for the terminal, roles over the whole city.
CITY_PEOPLE = (
    ("liwenjing", "李文静", "市数据局数据管理员，全市", (Role.STEWARD, Role.SOURCE_MANAGER)),
    ("linzhiyuan", "林志远", "市数据局负责人，全市", (Role.LEADER,)),
    ("guancha", "高远", "观察员，全市", (Role.VIEWER,)),
    ("sysadmin", "系统管理员", "系统管理员", (Role.SYSTEM_ADMIN,)),
    ("secadmin", "安全管理员", "安全管理员", (Role.SECURITY_ADMIN,)),
    ("auditor", "审计管理员", "审计管理员", (Role.AUDIT_ADMIN,)),
)


@transaction.atomic
def register(built: Sequence[Built], *, password: Callable[[], str]) -> list[dict[str, str]]:
    """The whole city, or nothing when one step fails. Returns {"username","password","role"} of each person."""
    code, name, english = CITY
    city = create_agency(actor=None, code=code, name=name, name_en=english)
    code, name, short, english = BUREAU
    bureau = create_agency(actor=None, code=code, name=name, parent=city, short_name=short, name_en=english)
    adopt_shipped(actor=None, agency=city)
    people = []
    for username, full_name, words, roles in CITY_PEOPLE:
        secret = password()
        person = _person(username, full_name, bureau, secret)
        for role in roles:
            grant_role(actor=None, person=person, role=role, agency=city)
        people.append({"username": username, "password": secret, "role": words})
    agencies = {}
    for unit in UNITS:
        agency = agencies[unit.key] = create_agency(
            actor=None,
            code=f"330900-{unit.key}",
            name=unit.name,
            parent=city,
            short_name=unit.short,
            name_en=unit.english,
        )
        secret = password()
        steward = _person(unit.username, unit.steward, agency, secret)
        grant_role(actor=None, person=steward, role=Role.STEWARD, agency=agency)
        people.append({"username": unit.username, "password": secret, "role": f"{unit.short}数据管理员"})
    manager = Person.objects.get(username=CITY_PEOPLE[0][0])  # asked now: rights are remembered on the instance
    for unit in UNITS:
        for item in built:
            if item.spec.agency == unit.key:
                _source(manager, agencies[unit.key], unit, item)
    return people


def _person(username: str, name: str, agency: Agency, password: str) -> Person:
    return create_person(actor=None, username=username, name=name, agency=agency, password=password, must_change=False)


def _source(manager: Person, agency: Agency, unit: Unit, item: Built) -> None:
    system = create_system(
        actor=manager, agency=agency, code=f"{unit.key}-{item.spec.key}", name=unit.system, contact_name=unit.steward
    )
    register_source(
        actor=manager, agency=agency, kind=item.kind, parameters=item.parameters, secrets=item.secrets,
        name=f"{unit.short}{item.spec.name}", system=system, contact_name=unit.steward,
        values_policy=ValuesPolicy.MASKED, census_cron="0 2 * * *", scan_cron="30 3 * * 6",
    )  # fmt: skip
