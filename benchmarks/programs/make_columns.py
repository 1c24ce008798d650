"""`FOLDER COLUMNS ELEMENTS`: a catalogue and the columns of an estate to match to it, as CSV, seeded.

The catalogue is the shipped elements and made ones (an object and a property each). Four of ten columns carry an element: called by
its name, with a role before it or a remark behind it; the rest carry none. Each table has about 25 columns, and four of five
pairs of name and comment occur once, which is worse than real estates, where half do.
"""

import csv
import random
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from pypinyin import Style, lazy_pinyin

from standards import seeds

OBJECTS = ["道路", "桥梁", "隧道", "河流", "水库", "灌区", "林地", "草原", "耕地", "宗地", "楼盘", "小区", "电梯", "锅炉", "管网", "泵站", "电站", "线路", "基站", "站点", "码头", "船舶", "航线", "机场", "航班", "列车", "车站", "货物", "仓库", "商品", "订单", "合同", "项目", "课题", "专利", "商标", "著作", "展品", "文物", "景区", "酒店", "餐馆", "食品", "农药", "种子", "化肥", "牲畜", "渔船", "矿山", "油井", "气瓶", "危化品", "废物", "排口", "断面", "台风", "地震", "火情", "灾情", "救援", "物资", "车队", "公交", "出租", "快递", "邮件", "彩票", "赛事", "场馆", "社团", "基金", "债券", "保单", "贷款", "账簿", "发票", "凭证", "预算"]  # fmt: skip
PROPERTIES = ["长度", "宽度", "高度", "深度", "容量", "重量", "数量", "单价", "总价", "等级", "类别", "规格", "型号", "材质", "颜色", "品牌", "产地", "用途", "状态", "编码", "名称", "简称", "位置", "起点", "终点", "经办科室", "责任科室", "管护人", "建成年份", "启用日期", "停用日期", "检测日期", "检测结果", "检测单位", "运行时长", "使用年限", "设计单位", "施工工艺", "验收结论", "巡查频次", "覆盖率", "完好率", "合格率", "周转率", "占地比", "密级", "版次", "批号", "序列号", "备案号", "图号", "坐标系", "水位", "流量", "压力", "温差", "电压", "负荷", "油耗", "里程", "载客量", "票价", "班次", "路线", "客源", "收益", "税额", "罚金", "押金", "保费"]  # fmt: skip
ROLES = ("", "", "", "申请人", "当事人", "企业", "项目", "学生", "患者", "业主", "所属", "原", "第一", "本次")
REMARKS = ("", "", "", "（必填）", "，见附件", "：1是 0否", "(旧)", "1", " 代码", "信息")
STEMS = ("t", "b", "biz", "info", "data", "x", "jc", "yw", "ls", "tmp")
WORDS = ["巡检", "结算", "附件", "扩展", "标签", "排班", "令牌", "模板", "流程", "缓存", "消息", "通道", "批次", "快照", "指标", "阈值", "权重", "节点", "策略", "通知", "评论", "收藏", "点赞", "积分", "优惠", "库存", "物流"]  # fmt: skip


def main(folder: Path, columns: int, elements: int) -> None:
    rng = random.Random(20260101)
    catalogue = list(made_elements(elements))
    folder.mkdir(parents=True)
    with (folder / "elements.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["element_id", "name_zh", "name_en", "format", "reference", "code_set_or_check"])
        writer.writerows(catalogue)
    with (folder / "columns.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["row_id", "column_name", "data_type", "column_comment", "table_name", "table_comment", "known_as"]
        )
        writer.writerows(_columns(columns, catalogue, rng))


def made_elements(count: int) -> Iterator[Sequence[str]]:
    shipped = seeds.element_rows()
    for row in shipped[:count]:
        check = row["values_note"] or ("checksum" if row["check_scheme"] else "-")
        yield row["code"], row["name"], row["english_name"], row["notation"], row["reference"], check
    for number, (about, what) in enumerate(product(OBJECTS, PROPERTIES)):
        if len(shipped) + number >= count:
            return
        yield f"X{number:05d}", about + what, "", "c..100", "-", "-"


def _columns(count: int, catalogue: Sequence[Sequence[str]], rng: random.Random) -> Iterator[Sequence[str]]:
    popular = [1 / (place + 1) ** 0.6 for place in range(len(catalogue))]
    drawn = iter(rng.choices(range(len(catalogue)), popular, k=count))
    table, about = "", ""
    for number in range(count):
        if number % 25 == 0:
            about = rng.choice(OBJECTS)
            table = f"{rng.choice(STEMS)}_{_initials(about)}_{number // 25}"
        place = next(drawn)
        if rng.random() < 0.4:
            role, remark, name = rng.choice(ROLES), rng.choice(REMARKS), catalogue[place][1]
            plain = not role and remark in ("", "（必填）", "，见附件")
            tail = rng.choice(("", "", "_1", str(number % 97)))
            yield (
                f"R{number}", _initials(name) + tail, "varchar(100)", f"{role}{name}{remark}", table, f"{about}信息表",
                catalogue[place][0] if plain else "",
            )  # fmt: skip
        else:
            word, other, serial = rng.choice(WORDS), rng.choice(WORDS), rng.randrange(5000)
            yield (
                f"R{number}", f"{_initials(word)}_{_initials(other)}{serial}", rng.choice(("varchar(50)", "int", "datetime")),
                f"{word}{other}{rng.choice(PROPERTIES)}{serial}", table, f"{about}信息表", "",
            )  # fmt: skip


_KNOWN: dict[str, str] = {}


def _initials(chinese: str) -> str:
    if chinese not in _KNOWN:
        _KNOWN[chinese] = "".join(lazy_pinyin(chinese, style=Style.FIRST_LETTER, errors="ignore")).lower()
    return _KNOWN[chinese]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
