"""The vocabulary of the estate: enough different names that search has something to tell apart, few enough that the
common ones are really common.
"""

from dataclasses import dataclass
from random import Random

from core.search.terms import syllables

CITIES = (
    "云川", "滨海", "临江", "东屿", "安和", "平原", "青岭", "永泉", "长汀", "新港", "北湖", "金山", "石门", "龙游", "白河",
)  # fmt: skip
BUREAUS = (
    "公安局", "民政局", "司法局", "财政局", "人力资源和社会保障局", "自然资源和规划局", "生态环境局", "住房和城乡建设局",
    "交通运输局", "水利局", "农业农村局", "商务局", "文化和旅游局", "卫生健康委员会", "退役军人事务局", "应急管理局",
    "审计局", "市场监督管理局", "统计局", "医疗保障局", "税务局", "教育局", "科学技术局", "住房公积金管理中心",
)  # fmt: skip
SYSTEMS = (
    "业务管理系统", "综合服务平台", "档案系统", "监管平台", "信用信息系统", "统计报表系统", "执法办案系统", "一体化平台",
    "数据交换平台", "移动服务系统", "决策分析系统", "证照系统",
)  # fmt: skip
SUBJECTS = (
    "人口", "法人", "企业", "不动产", "社保", "医保", "车辆", "驾驶人", "婚姻", "学籍", "教师", "房屋", "土地", "项目", "合同",
    "发票", "税款", "补贴", "救助", "低保", "残疾人", "退役军人", "行政许可", "行政处罚", "信用", "证照", "投诉", "巡查",
    "监测点", "排污口", "水库", "道路", "桥梁", "船舶", "食品", "药品", "医疗机构", "诊疗", "处方", "疫苗", "公积金", "贷款",
    "招标", "采购", "预算", "支出", "资产", "档案", "会议", "人员",
)  # fmt: skip
MATTERS = (
    "基本信息", "登记", "变更", "注销", "明细", "申请", "审批", "审核", "年检", "统计", "汇总", "核验", "归档", "关联", "附件",
    "办理", "检查", "缴费", "发放", "预约", "评价", "公示", "备案", "整改", "台账",
)  # fmt: skip
FORMS = ("表", "信息表", "记录", "日志", "历史表", "临时表", "字典", "视图")
PREFIXES = ("T", "TB", "DWD", "ODS", "BASE", "BIZ", "V", "DIM")
SCHEMAS = ("public", "dbo", "biz", "ods", "dwd", "archive", "share", "report")
SERVERS = (("postgresql", "主库"), ("mysql", "业务库"), ("postgresql", "数据仓库"), ("files", "报送文件"))


@dataclass(frozen=True, slots=True)
class Field:
    """One kind of column: physical name, comment, type of the source, value class, kind of personal information."""

    name: str
    comment: str
    type: str
    value_class: str = "text"
    personal: str = ""


# The first stand in nearly every table; the rest is drawn from all of them.
EVERYWHERE = (
    Field("id", "主键", "bigint", "integer"),
    Field("create_time", "创建时间", "timestamp", "timestamp"),
    Field("update_time", "更新时间", "timestamp", "timestamp"),
    Field("create_by", "创建人", "varchar(64)"),
    Field("del_flag", "删除标志", "char(1)"),
    Field("remark", "备注", "text"),
)
PEOPLE = (
    Field("xm", "姓名", "varchar(50)", "text", "name"),
    Field("sfzh", "身份证号", "varchar(18)", "text", "citizen_id"),
    Field("csrq", "出生日期", "date", "date", "birth_date"),
    Field("lxdh", "联系电话", "varchar(20)", "text", "mobile"),
    Field("jtzz", "家庭住址", "varchar(200)", "text", "address"),
    Field("xb", "性别", "char(1)"),
    Field("mz", "民族", "char(2)"),
)
_THINGS = ("证件", "业务", "项目", "合同", "单位", "机构", "企业", "产品", "设备", "房屋", "车辆", "地块", "账户", "票据", "案件",
           "许可", "人员", "部门", "区域", "行政区划")  # fmt: skip
_PARTS = (
    ("编号", "varchar(32)", "text"), ("名称", "varchar(200)", "text"), ("类型", "varchar(4)", "text"),
    ("状态", "char(1)", "text"), ("日期", "date", "date"), ("金额", "numeric(18,2)", "decimal"),
    ("数量", "integer", "integer"), ("面积", "numeric(12,2)", "decimal"), ("代码", "varchar(12)", "text"),
    ("说明", "varchar(500)", "text"), ("来源", "varchar(20)", "text"), ("负责人", "varchar(50)", "text"),
    ("地址", "varchar(200)", "text"), ("有效期", "date", "date"), ("顺序", "smallint", "integer"),
)  # fmt: skip
RARE = (
    Field("photo", "照片", "bytea", "binary"), Field("lng", "经度", "double precision", "float"),
    Field("lat", "纬度", "double precision", "float"), Field("is_valid", "是否有效", "boolean", "boolean"),
    Field("tyshxydm", "统一社会信用代码", "varchar(18)"), Field("yhkh", "银行卡号", "varchar(19)", "text", "bank_card"),
    Field("email", "电子邮箱", "varchar(100)", "text", "email"), Field("cph", "车牌号", "varchar(10)", "text", "plate"),
)  # fmt: skip


def initials(text: str) -> str:
    """人口登记 → rkdj."""
    return "".join(sound[:1] for sound in syllables(text))


FIELDS = (
    *(
        Field(initials(thing + part), thing + part, kind, value_class)
        for thing in _THINGS
        for part, kind, value_class in _PARTS
    ),
    *RARE,
)


def agency_names(count: int) -> list[tuple[str, str]]:
    """(city, bureau) of ``count`` agencies; the province's own first, then city by city, then numbered districts."""
    found = [("云川省", bureau) for bureau in BUREAUS]
    round_ = 0
    while len(found) < count:
        suffix = "市" if round_ == 0 else f"市第{round_}区"
        found += [(f"{city}{suffix}", bureau) for city in CITIES for bureau in BUREAUS]
        round_ += 1
    return found[:count]


def table_names(random: Random, number: int) -> tuple[str, str]:
    """(physical name, comment) of the ``number``-th table of a source; the number keeps physical names apart."""
    subject, matter, form = random.choice(SUBJECTS), random.choice(MATTERS), random.choice(FORMS)
    physical = f"{random.choice(PREFIXES)}_{initials(subject)}_{initials(matter)}_{number:04d}".upper()
    return physical, f"{subject}{matter}{form}"


def fields(random: Random, count: int) -> list[tuple[Field, str]]:
    """(kind, physical name) of ``count`` columns of one table, names unique, half of the tables about people."""
    wanted = [*EVERYWHERE, *(PEOPLE if random.random() < 0.3 else ())][:count]
    found: list[tuple[Field, str]] = [(field, field.name) for field in wanted]
    taken = {field.name for field in wanted}
    while len(found) < count:
        field = random.choice(FIELDS)
        name = field.name if field.name not in taken else f"{field.name}_{len(found)}"
        taken.add(name)
        found.append((field, name))
    return found
