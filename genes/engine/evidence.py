"""What a column's comment and name say for each element: sparse features, cached by text because texts repeat."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sparse_dot_topn import sp_matmul_topn

from genes.engine import names
from genes.engine.lexicon import Lexicon, Near
from genes.engine.text import HAN, SENTENCE, foreign, general, heads, noun, subject, variant

NEIGHBOURS = 6  # elements that TF-IDF brings in for one head
NEAR_HEAD, NEAR_NAME = 0.25, 0.4  # cosine from which they are near
_ROLES = """
学生 病人 患者 员工 职工 教师 老师 医生 护士 用户 客户 居民 申请人 当事人 负责人 法人 联系人 监护人 家长 父亲 母亲 配偶
子女 户主 成员 家庭成员 本人 申请 企业 公司 单位 机构 部门 学校 医院 车辆 驾驶员 车主 业主 权利人 义务人 持证人 代理人 委托人
被执行人 嫌疑人 受害人 投诉人 举报人 参保人 纳税人 股东 投资人 经办人 审核人 操作人 收款人 付款人 收货人 寄件人 承租人 出租人 购买方 销售方 甲方 乙方
买方 卖方 会员 商户 人员 个人 老人 儿童 婴儿 产妇 新生儿 死者 系统 平台 数据 信息 记录 其他 其它 主要 所在 所属
原 现 新 旧 第一 第二 默认 最后 最近 实际 当前 详细 具体 被保险人 投保人 受益人 志愿者 社会组织 个体户 合同 项目 房屋
不动产 开发商 建设单位 施工单位 监理单位 供应商 采购人 中标人 教职工 律师 司机 旅客 乘客 读者 信访人 对象 产权人 使用人 管理人 保管人 村民 村干部
帮扶人 责任人 对方 男方 女方 亲属 家属 专家 考生 幼儿 罪犯 服刑人员 受理人 相对人 行政相对人 处罚机关 生产企业 生产厂家 报告人 上报人 填报人 反映人
来访人 主办 承办 农户 贫困户 低保对象 办税人 收件人 账户 出卖人 买受人 抵押人 抵押权人
"""
ROLES = frozenset(_ROLES.split())
ROLE_INITIALS = frozenset(names.initials(role) for role in ROLES if len(role) > 1)
_ROLE_WORDS = (
    "student patient user member person people employee emp staff teacher doctor nurse customer client owner driver resident "
    "tenant applicant party agent parent guardian child lawyer officer visitor guest tourist passenger buyer seller payer "
    "payee holder handler leader captain manager worker farmer soldier suspect victim witness expert company org unit dept "
    "enterprise school hospital self my current home work legal first main"
)
ROLE_WORDS = frozenset(_ROLE_WORDS.split())
_BODIES = (
    "company org organization unit enterprise ent corp corporation firm agency institution institute hospital school college "
    "university bank court office bureau department hotel shop store factory market station center centre supplier merchant "
    "vendor manufacturer employer press association community"
)
BODY_WORDS = frozenset(_BODIES.split())
_OF_BODIES = {
    "name": "orgname",
    "nm": "orgname",
    "id": "orgid",
    "code": "companycode",
    "no": "companycode",
    "address": "orgaddress",
    "addr": "orgaddress",
}
_BARE = "name code no number num id type kind address addr phone tel time date unit status state title desc"
BARE = frozenset(_BARE.split())
_CODE_TAIL = re.compile(r"的?(id|编号|代码|编码|代号|号码|主键|标识|码|号)$")
_BARE_TAILS = frozenset(("编号", "id", "标识", "主键", "账号"))  # of a person they number the person, not the record
_PLACE = re.compile(
    "[省市区县镇乡村](名称|名|代码|编码|编号|id)?"
)  # no noun of its own: the end of 景区名称 is not 区名称
_NAME_TAIL = re.compile(r"的?(名称|名|值|数据|信息|明细)$")
_PERSON = re.compile(r"(人|人员|员|者|师|民警|工|方|户|主|干部)$")  # what a role ends in: 信访人, 管理员, 承租方
_FLAG = re.compile(r"^(是否|有无|能否|可否|需否|是不是)|与否$|\?$")

Features = dict[str, float]
Evidence = dict[int, Features]  # element number → features; NONE is -1
NONE = -1


@dataclass(frozen=True, slots=True)
class Column:
    """A column to match: as the catalogue of its database describes it."""

    name: str
    data_type: str = ""
    comment: str = ""
    table: str = ""
    table_comment: str = ""


@dataclass
class Reader:
    """Reads evidence against one lexicon; its caches make repeated texts free."""

    lexicon: Lexicon
    comments: dict[str, Evidence] = field(default_factory=dict)
    names: dict[str, Evidence] = field(default_factory=dict)
    composed: dict[tuple[str, str, str], Evidence] = field(default_factory=dict)
    neighbours: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # of heads
    spellings: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # of names

    def prepare(self, columns: Iterable[Column]) -> None:
        """TF-IDF neighbours of every head, and of every name that nothing else speaks for, in two sparse products: the only
        dear steps, so they are done for all at once."""
        columns = list(columns)
        wanted = {heads(column.comment or column.name)[0] for column in columns if heads(column.comment or column.name)}
        todo = sorted(head for head in wanted - self.neighbours.keys() if HAN.search(head))
        self._near(todo, self.lexicon.aliases, NEAR_HEAD, self.neighbours)
        silent = {
            "".join(names.words(name))
            for name in {column.name for column in columns}
            if "name_nothing" in self.of_name(name)[NONE]
        }
        todo = sorted(word for word in silent - self.spellings.keys() if len(word) > 3)
        self._near(todo, self.lexicon.spellings, NEAR_NAME, self.spellings)
        for column in columns:
            found = self.names[column.name]
            if len(found) == 1 and "name_nothing" in found[NONE]:
                for number, score in self.spellings.get("".join(names.words(column.name)), ()):
                    found[number] = {"en_near": score}

    def forget(self, most: int) -> None:
        """Drop what was read of texts once there are more than `most` of them: a worker lives long."""
        for known in (self.comments, self.names, self.composed, self.neighbours, self.spellings):
            if len(known) > most:
                known.clear()

    def _near(self, todo: list[str], index: Near, least: float, known: dict[str, list[tuple[int, float]]]) -> None:
        for start in range(0, len(todo), 50_000):
            batch = todo[start : start + 50_000]
            matrix = index.vectorizer.transform(batch)
            found = sp_matmul_topn(matrix, index.rows, top_n=3 * NEIGHBOURS, threshold=least, sort=True)
            for text, begin, end in zip(batch, found.indptr[:-1], found.indptr[1:], strict=True):
                best: dict[int, float] = {}
                for alias, score in zip(found.indices[begin:end], found.data[begin:end], strict=True):
                    for number in index.owners[alias]:
                        best.setdefault(number, float(score))
                known[text] = list(best.items())[:NEIGHBOURS]

    def of_comment(self, comment: str) -> Evidence:
        found = self.comments.get(comment)
        if found is None:
            found = self.comments[comment] = self._comment(comment)
        return found

    def of_name(self, name: str) -> Evidence:
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = self._name(name)
        return found

    def _comment(self, comment: str) -> Evidence:
        told = heads(comment)
        found: Evidence = {NONE: {}}
        if not told:
            return found
        head = told[0]
        self._exact(head, told, found)
        if foreign(head):  # another language: what looks alike means something else, or nothing that can be known
            found[NONE]["nothing"] = 1.0
            return found
        self._suffix(head, found)
        for number, score in self.neighbours.get(head, ()):
            found.setdefault(number, {})["zh_tfidf"] = score
        self._noun(head, found)
        none = found[NONE]
        if _FLAG.search(head):
            none["flag"] = 1.0
        if len(head) >= SENTENCE:
            none["sentence"] = 1.0
        if re.search(r"[a-z]*id$", head):
            none["foreign_id"] = 1.0
        if head in self.lexicon.absorbers:
            none["zh_absorbed"] = 1.0
        if len(found) == 1:
            none["nothing"] = 1.0
        return found

    def _noun(self, head: str, found: Evidence) -> None:
        """Whether the head ends in a thing of the element's kind: 床位数 counts, 床位号 numbers."""
        kind = noun(head)
        if not kind:
            return
        found[NONE][f"noun_{kind}"] = 1.0
        for number, features in found.items():
            if number != NONE and self.lexicon.nouns[number] and "zh_exact" not in features:
                features["noun_same" if kind in self.lexicon.nouns[number] else "noun_other"] = 1.0

    def _exact(self, head: str, told: Sequence[str], found: Evidence) -> None:
        for number in self.lexicon.chinese.get(head, ()):
            found.setdefault(number, {})["zh_exact"] = 1.0 if head == self.lexicon.elements[number].name else 0.9
        for second in told[1:]:
            for number in self.lexicon.chinese.get(second, ()):
                found.setdefault(number, {}).setdefault("zh_second", 1.0)
        if head not in self.lexicon.chinese:
            for number in self.lexicon.variants.get(variant(head), ()):
                found.setdefault(number, {})["zh_variant"] = 1.0
            special = any(
                tail.sub("", head) in self.lexicon.chinese for tail in (_CODE_TAIL, _NAME_TAIL)
            )  # 发证机关名称
            for number in self.lexicon.chinese.get("" if special else general(head), ()):
                found.setdefault(number, {})["zh_general"] = 1.0
        for kind, tail in (("zh_without_code", _CODE_TAIL), ("zh_without_name", _NAME_TAIL)):
            short = tail.sub("", head)
            for number in self.lexicon.chinese.get(short, ()) if short != head else ():
                found.setdefault(number, {})[kind] = 1.0
        if not HAN.search(head):
            for number in self.lexicon.english.get(head.replace("_", ""), ()):
                found.setdefault(number, {})["en_exact"] = 1.0

    def _suffix(self, head: str, found: Evidence) -> None:
        """Aliases that end the head (the head noun), longest first; those inside it count less."""
        size, longest = len(head), 0
        whole = head in self.lexicon.chinese  # 父亲姓名 is one name, not the name of a father
        for start in range(1, size - 1):
            tail = head[start:]
            if _PLACE.fullmatch(tail) and head[:start] not in ROLES:
                continue
            absorbed = tail in self.lexicon.absorbers
            owners = self.lexicon.chinese.get(tail, ())
            if (absorbed or owners) and not longest:
                longest = len(tail)
            if absorbed:
                found[NONE].setdefault(
                    "zh_absorbed_tail" if len(tail) == longest else "zh_absorbed_part", len(tail) / size
                )
            for number in owners:
                features = found.setdefault(number, {})
                if "zh_exact" in features or "zh_suffix" in features or "zh_later_suffix" in features:
                    continue
                features["zh_suffix" if len(tail) == longest else "zh_later_suffix"] = len(tail) / size
                if len(tail) == longest:
                    features["zh_suffix_size"] = min(len(tail), 8) / 8
                    if tail == self.lexicon.elements[number].name:
                        features["zh_suffix_own"] = 1.0
                if (
                    len(tail) == longest
                    and not whole
                    and tail not in _BARE_TAILS
                    and (role := head[:start].removesuffix("的"))
                ):
                    if role in ROLES:
                        features["zh_role"] = 1.0
                    elif _PERSON.search(role):
                        features["zh_person"] = 1.0
                        if "zh_suffix_own" in features:
                            features["zh_person_own"] = 1.0
        for start in range(size):
            for end in range(min(size, start + 10), start + 1, -1):
                if end == size:
                    continue
                for number in self.lexicon.chinese.get(head[start:end], ()):
                    features = found.setdefault(number, {})
                    part = (end - start) / size
                    if features.get("zh_inside", 0.0) < part:
                        features["zh_inside"] = part

    def _name(self, name: str) -> Evidence:
        found: Evidence = {NONE: {}}
        if HAN.search(name):
            return found
        parts = names.words(name)
        joined = "".join(parts)
        self._english(parts, joined, found)
        for number in self.lexicon.english.get(
            name.replace("_", "").lower(), ()
        ):  # a code that ends in a number: aac003
            found.setdefault(number, {}).setdefault("en_word", 1.0)
        self._pinyin(parts, joined, found)
        none = found[NONE]
        if parts and parts[-1] in ("id", "ids") and len(parts) > 1:
            none["name_id"] = 1.0
        asked = re.match(r"sf(?!z)[a-z]{3,}$", joined) is not None and len(found) == 1  # 是否…
        if asked or (parts and parts[0] in ("is", "has", "if", "sf", "whether", "need", "can")):
            none["name_flag"] = 1.0
        if joined in self.lexicon.english_absorbers:
            none["en_absorbed"] = 1.0
        if len(found) == 1:
            none["name_nothing"] = 1.0
        return found

    def _english(self, parts: Sequence[str], joined: str, found: Evidence) -> None:
        english, absorbers = self.lexicon.english, self.lexicon.english_absorbers
        for number in english.get(joined, ()):
            found.setdefault(number, {})["en_exact" if len(parts) > 1 else "en_word"] = 1.0
        if joined in BARE:
            found[NONE]["bare"] = 1.0
        if len(parts) > 1 and parts[-1] in _OF_BODIES:
            if parts[-2] in BODY_WORDS:
                for number in english.get(_OF_BODIES[parts[-1]], ()):
                    found.setdefault(number, {})["en_general"] = 1.0
            elif parts[-2] not in ROLE_WORDS and joined not in english:
                found[NONE]["name_of_thing"] = 1.0
        size, longest = len(parts), 0
        for start in range(1, size):
            tail = "".join(parts[start:])
            owners, absorbed = english.get(tail, ()), tail in absorbers
            if (owners or absorbed) and not longest:
                longest = size - start
            kind = size - start == longest
            if absorbed:
                found[NONE].setdefault("en_absorbed_tail" if kind else "en_absorbed_part", (size - start) / size)
            for number in owners:
                features = found.setdefault(number, {})
                if "en_exact" not in features:
                    features.setdefault("en_suffix" if kind else "en_later_suffix", (size - start) / size)
                    if kind and parts[start - 1] in ROLE_WORDS:
                        features["en_role"] = 1.0
        for end in range(size - 1, 0, -1):
            for number in english.get("".join(parts[:end]), ()):
                found.setdefault(number, {}).setdefault("en_prefix", end / size)
        if size == 1 and not longest and joined not in english:
            for start in range(1, len(joined) - 3):
                owners = english.get(joined[start:], ())
                for number in owners:
                    found.setdefault(number, {})["en_tail"] = (len(joined) - start) / len(joined)
                if owners or joined[start:] in absorbers:
                    if not owners:
                        found[NONE]["en_absorbed_tail"] = (len(joined) - start) / len(joined)
                    break

    def _pinyin(self, parts: Sequence[str], joined: str, found: Evidence) -> None:
        key = re.sub(r"[0-9]+$", "", joined) or joined
        self._full_pinyin(key, found)
        written = self.lexicon.written_initials.get(key, ())
        for number in written:
            found.setdefault(number, {})["py_written" if len(key) > 2 else "py_written_short"] = 1.0 / len(written)
        derived = self.lexicon.initials.get(key, frozenset())
        for number in derived - set(written):
            found.setdefault(number, {})["py_initials" if len(key) > 2 else "py_initials_short"] = 1.0 / len(derived)
        if len(parts) == 1 and not written and not derived:
            self._pinyin_code(key, found)
        if len(parts) == 1 and len(key) >= 4 and not written and not derived:
            for start in range(1, len(key) - 1):
                tails = self.lexicon.written_initials.get(key[start:], ())
                for number in tails:
                    features = found.setdefault(number, {})
                    features["py_tail"] = (len(key) - start) / len(key) / len(tails)
                    if len(key) - start > 2:
                        features["py_tail_long"] = 1.0 / len(tails)
                    if key[:start] in ROLE_INITIALS:
                        features["py_role"] = 1.0 / len(tails)
                if tails:
                    break
        if len(parts) > 1:
            tails = self.lexicon.written_initials.get(parts[-1], ())
            for number in tails:
                found.setdefault(number, {})["py_last"] = 1.0 / len(tails)

    def _full_pinyin(self, key: str, found: Evidence) -> None:
        """Full pinyin of a name (canjileibie), or of one behind others (jianhurendianhua); short ones mean too much."""
        for number in self.lexicon.pinyin.get(key, ()):
            found.setdefault(number, {})["py_full" if len(key) > 4 else "py_full_short"] = 1.0
        if key in self.lexicon.absorbed_pinyin:
            found[NONE]["py_absorbed"] = 1.0
        if len(key) < 8 or len(found) > 1 or key in self.lexicon.absorbed_pinyin:
            return
        for start in range(2, len(key) - 4):
            owners = self.lexicon.pinyin.get(key[start:], ())
            for number in owners:
                found.setdefault(number, {})["py_full_tail"] = (len(key) - start) / len(key)
            if key[start:] in self.lexicon.absorbed_pinyin:
                found[NONE]["py_absorbed_tail"] = (len(key) - start) / len(key)
                return
            if owners:
                return

    def _pinyin_code(self, key: str, found: Evidence) -> None:
        """代码 or 名称 of an element by initials: jkzkm, xbdm, mzmc."""
        for tail in ("dm", "bm", "mc", "m"):
            stem = key.removesuffix(tail)
            owners = self.lexicon.written_initials.get(stem, ()) if stem != key and len(stem) > 1 else ()
            for number in owners:
                if tail != "m" or self.lexicon.elements[number].form in ("code", "identifier"):
                    found.setdefault(number, {})["py_code" if len(stem) > 2 else "py_code_short"] = 1.0 / len(owners)
            if owners:
                return

    def of_table(self, column: Column) -> Evidence:
        """A bare name takes its meaning from its table: 名称 in 学校表 is 学校名称, `name` in `t_hospital` is hospital name."""
        told = heads(column.comment)
        head = told[0] if told else ""
        about = subject(column.table_comment)
        table_words = names.words(column.table)
        key = (head if len(head) <= 4 else "", about, column.name if len(names.words(column.name)) == 1 else "")
        key_table = (*key[:2], f"{key[2]}@{column.table}")
        found = self.composed.get(key_table)
        if found is not None:
            return found
        found = {}
        if key[0] and about:
            for start in range(min(len(about), 8)):
                for number in self.lexicon.chinese.get(about[start:] + head, ()):
                    found.setdefault(number, {})["zh_composed"] = 1.0
                    found.setdefault(NONE, {})["composed"] = 1.0
        if key[2] and table_words:
            word = names.words(column.name)
            for table_word in table_words[-2:]:
                for number in self.lexicon.english.get(table_word + "".join(word), ()):
                    found.setdefault(number, {})["en_composed"] = 1.0
        self.composed[key_table] = found
        return found


def _length(data_type: str) -> int | None:
    size = re.search(r"\((\d+)", data_type)
    return int(size.group(1)) if size else None


def column_form(data_type: str) -> str:
    """time, number, integer, flag, blob or text; "" when the type says nothing."""
    kind = data_type.lower()
    if not kind:
        return ""
    if re.search(r"bool|bit|tinyint\(1\)", kind):
        return "flag"
    if re.search(r"date|time", kind):
        return "time"
    if re.search(r"decimal|numeric|float|double|real|money|number\(\d+, ?[1-9]", kind):
        return "number"
    if re.search(r"int|serial|long|number", kind):
        return "integer"
    if re.search(r"blob|json|bytea|binary|geometry|image", kind):
        return "blob"
    return "text"


BAD = {
    "time": {"number", "code", "blob"},
    "number": {"identifier", "text", "code", "blob", "time"},
    "integer": {"text", "blob"},
    "flag": {"text", "identifier", "time", "blob", "number"},
    "blob": {"number", "code", "time", "identifier"},
    "text": set(),
}


def of_type(column: Column, lexicon: Lexicon, numbers: Iterable[int]) -> Evidence:
    """Whether the type of the column can carry the element, and whether its length is the element's own."""
    form, size = column_form(column.data_type), _length(column.data_type)
    found: Evidence = {}
    for number in numbers:
        element = lexicon.elements[number]
        features: Features = {}
        if (form == "time" and element.form in ("text", "identifier")) or element.form in BAD.get(form, ()):
            features["type_bad"] = 1.0
        elif form == "time" and element.form == "time":
            features["type_time"] = 1.0
        fixed = re.match(r"[acn]+(\d+)$", element.format.split(" ")[0])
        if fixed and size is not None and form == "text":
            if size == int(fixed.group(1)):
                features["type_length"] = 1.0
            elif size < int(fixed.group(1)):
                features["type_short"] = 1.0
        if features:
            found[number] = features
    return found


def merge(parts: Sequence[Mapping[int, Features]]) -> Evidence:
    whole: Evidence = {NONE: {}}
    for part in parts:
        for number, features in part.items():
            whole.setdefault(number, {}).update(features)
    return whole
