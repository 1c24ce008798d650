"""Forms of standards: the boundary where people write elements, names, opinions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Agency
from standards.choices import Domain, NameKind
from standards.element_tables import KINDS, Line, lines_of, unpacked
from standards.models import CodeSetEdition, Edition, StandardText
from standards.services.code_sets import EDITION_FIELDS as CODE_EDITION_FIELDS
from standards.services.elements import EDITION_FIELDS
from standards.services.texts import FIELDS as TEXT_FIELDS
from standards.tables import MAX_BYTES, Labels, Table, TableError, read_file, read_grids, read_text

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_LONG = forms.Textarea(attrs={"rows": 2})


class EditionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The attributes of one edition (GB/T 19488.1)."""

    class Meta:
        model = Edition
        fields = EDITION_FIELDS
        widgets = dict.fromkeys(("definition", "note", "change_note"), _LONG)
        help_texts = {
            "notation": _("如 an18、c..200、n..17,2、n8 YYYYMMDD；多种写法之间用 / 分开。"),
            "code_set": _("可枚举的值域必须选择代码集。"),
            "check_scheme": _("有校验码时填写：citizen_id、uscc、org_code、luhn。"),
            "reference": _("制定依据的标准号；与原文核对后请在引用中登记条款。"),
        }


class ElementForm(EditionForm):
    """A new element with its first draft."""

    code = forms.CharField(label=_("内部标识符"), max_length=40)
    domain = forms.ChoiceField(label=_("主题域"), choices=Domain.choices)
    agency = forms.ModelChoiceField(label=_("管理机构"), queryset=Agency.objects.none())
    field_order = ("code", "domain", "agency")

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        among(self.fields["agency"], agencies)


class NameForm(forms.Form):
    """Further names, one a line."""

    kind = forms.ChoiceField(label=_("类型"), choices=NameKind.choices)
    texts = forms.CharField(
        label=_("名称"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4_000, help_text=_("每行一个。")
    )
    context = forms.CharField(label=_("语境"), max_length=100, required=False, help_text=_("哪个机构或系统这样称呼。"))


class TransitionForm(forms.Form):
    """The opinion of a step of review; before retiring, the word that the impact list was read."""

    opinion = forms.CharField(label=_("意见"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)
    confirmed = forms.BooleanField(label=_("已阅读影响清单，仍要废止"))

    def __init__(self, *args: Any, opinion_needed: bool, confirming: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opinion"].required = opinion_needed
        if not confirming:
            del self.fields["confirmed"]


class AnswerForm(forms.Form):
    accepted = forms.ChoiceField(label=_("处理"), choices=(("yes", _("采纳")), ("no", _("不采纳"))))
    answer = forms.CharField(
        label=_("答复"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000, required=False,
        help_text=_("不采纳时须说明理由。"),
    )  # fmt: skip


class CitationForm(forms.Form):
    text = forms.ModelChoiceField(label=pgettext_lazy("form", "标准文本"), queryset=StandardText.objects.none())
    clause = forms.CharField(label=_("条款"), max_length=100, required=False, help_text=_("如 5.2 表 3。"))
    checked_on = forms.DateField(
        label=_("核对原文日期"), required=False, widget=DATE,
        help_text=_("与标准原文逐字核对的日期；没有核对过则留空，页面会标明。"),
    )  # fmt: skip

    def __init__(self, *args: Any, texts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["text"]
        field.queryset = texts


class CommentForm(forms.Form):
    text = forms.CharField(label=_("意见"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)


class CodeEditionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = CodeSetEdition
        fields = CODE_EDITION_FIELDS
        widgets = {"valid_from": DATE, "note": _LONG}
        help_texts = {"label": _("标准的年号，如 2003。")}


class CodeSetForm(CodeEditionForm):
    """A new code set with its first draft."""

    agency = forms.ModelChoiceField(label=_("管理机构"), queryset=Agency.objects.none())
    reference = forms.CharField(
        label=_("代码集标识"), max_length=60, help_text=_("标准号，如 GB/T 2261.1；自定的代码集自拟。")
    )
    name = forms.CharField(label=_("代码集名称"), max_length=200)
    description = forms.CharField(label=_("说明"), widget=_LONG, max_length=20_000, required=False)
    field_order = ("agency", "reference", "name", "description")

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        among(self.fields["agency"], agencies)


class TableForm(forms.Form):
    """A table typed, pasted or uploaded; `table` afterwards holds its rows, `source` the field that it came from."""

    file = forms.FileField(
        label=pgettext_lazy("form", "文件"),
        required=False,
        help_text=_("xlsx、xls 或 CSV；选择文件后，下面的表格不再读取。"),
    )
    text = forms.CharField(
        label=_("表格"), required=False, max_length=5_000_000,
        widget=forms.Textarea(attrs={"rows": 16, "class": "code", "spellcheck": "false", "wrap": "off"}),
        help_text=_("第一行是表头，每行一条；可从电子表格直接粘贴，也可用逗号分隔。"),
    )  # fmt: skip
    table: Table
    source: str

    def __init__(self, *args: Any, labels: Labels, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labels = labels

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        upload, text = given.get("file"), given.get("text") or ""
        self.source = "file" if upload else "text"
        if not upload and not text.strip():
            raise forms.ValidationError(_("请上传文件，或填写表格。"))
        try:
            if upload and upload.size > MAX_BYTES:
                raise TableError(_("文件超过 %(size)s MB，请分成几份。") % {"size": MAX_BYTES >> 20})
            self.table = read_file(upload.name, upload.read(), self.labels) if upload else read_text(text, self.labels)
        except TableError as error:
            self.add_error(self.source, str(error))
        return given


class ElementFileForm(forms.Form):
    """A printed table of elements; `lines` afterwards are its rows, `over` what was read over."""

    agency = forms.ModelChoiceField(
        label=_("管理机构"), queryset=Agency.objects.none(), help_text=_("新数据元由该机构管理。")
    )
    domain = forms.ChoiceField(
        label=_("主题域"),
        choices=Domain.choices,
        initial=Domain.GENERAL,
        help_text=_("表中没有写明主题域的新数据元归入这里。"),
    )
    file = forms.FileField(
        label=pgettext_lazy("form", "文件"),
        help_text=_("xlsx、xls 或 CSV；每行一个数据元，或按国家标准的样式每个数据元一块。"),
    )
    lines: list[Line]
    over: list[str]

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        among(self.fields["agency"], agencies)

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        try:
            if upload.size > MAX_BYTES:
                raise TableError(_("文件超过 %(size)s MB，请分成几份。") % {"size": MAX_BYTES >> 20})
            self.lines, self.over = lines_of(read_grids(upload.name, upload.read()))
        except TableError as error:
            raise forms.ValidationError(str(error)) from error
        return upload


class ElementImportForm(ElementFileForm):
    """The rows of a file that was looked at, carried along as JSON, and what to take of them."""

    file = None  # type: ignore[assignment]
    rows = forms.CharField(widget=forms.HiddenInput, max_length=9_000_000)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    take = forms.MultipleChoiceField(choices=tuple(KINDS.items()), required=False)

    def clean_rows(self) -> str:
        text: str = self.cleaned_data["rows"]
        self.lines = unpacked(text)
        if not self.lines:
            raise forms.ValidationError(_("预览已失效，请重新上传文件。"))
        return text

    def clean_file(self) -> Any:
        return None


class TextForm(forms.ModelForm):  # type: ignore[type-arg]
    """A standard text as its cover says it."""

    class Meta:
        model = StandardText
        fields = TEXT_FIELDS
        widgets = {**dict.fromkeys(("published_on", "effective_on", "abolished_on", "checked_on"), DATE), "note": _LONG}
        help_texts = {
            "number": _("连同年号，如 GB/T 2261.1-2003。"),
            "superseded_by": _("代替这份文本的标准。"),
            "checked_on": _("与标准原文逐字核对的日期；没有核对过则留空，页面会标明。"),
        }


class NewTextForm(TextForm):
    agency = forms.ModelChoiceField(label=_("管理机构"), queryset=Agency.objects.none())
    field_order = ("agency",)

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        among(self.fields["agency"], agencies)


def among(field: Any, agencies: Any) -> None:
    """Let a field choose among these agencies; a single one is chosen already."""
    field.queryset = agencies
    if agencies.count() == 1:
        field.initial = agencies.first()
