"""Shapes of standards on the wire. A body says what may be set; everything else in it is ignored."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Agency
from accounts.serializers import AgencyReference
from core.api import VisibleKey
from core.models import WorkflowStep
from standards.choices import Domain, Level, NameKind, StandardLevel, TextStatus, ValueDomain
from standards.element_tables import DEFAULT_TAKE, KINDS, unparsed
from standards.models import (
    Citation,
    Code,
    CodeMapping,
    CodeSet,
    CodeSetEdition,
    Comment,
    DataElement,
    Edition,
    ElementName,
    StandardText,
)
from standards.notation import NotationError, parse

_WRITTEN = (
    "name", "english_name", "definition", "object_class", "property_term", "representation_term", "notation", "unit",
    "value_domain", "code_set", "check_scheme", "values_note", "level", "level_reason", "reference", "note", "change_note",
)  # fmt: skip


class CodeSetReference(serializers.ModelSerializer[CodeSet]):
    class Meta:
        model = CodeSet
        fields = ("id", "reference", "name")
        read_only_fields = fields


class ElementReference(serializers.ModelSerializer[DataElement]):
    class Meta:
        model = DataElement
        fields = ("id", "code", "name")
        read_only_fields = fields


class EditionSerializer(serializers.ModelSerializer[Edition]):
    """One edition with the attributes of GB/T 19488.1; ``published_at`` null: never in force."""

    code_set = CodeSetReference(read_only=True)
    element = ElementReference(read_only=True)
    author = serializers.CharField(source="author.name", read_only=True, default="")

    class Meta:
        model = Edition
        fields = ("id", "element", "number", "state", *_WRITTEN, "author", "published_at", "ended_at", "updated_at")
        read_only_fields = fields


class ElementSerializer(serializers.ModelSerializer[DataElement]):
    """``edition`` is the one in force, null before the first publication and after retirement."""

    agency = AgencyReference(read_only=True)
    edition = EditionSerializer(source="current", read_only=True, allow_null=True)

    class Meta:
        model = DataElement
        fields = (
            "id",
            "code",
            "name",
            "domain",
            "registration_status",
            "agency",
            "edition",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class EditionBody(serializers.Serializer[Any]):
    """The attributes of a draft; the notation must parse (docs/standards.md)."""

    name = serializers.CharField(max_length=200)
    english_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    definition = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    object_class = serializers.CharField(max_length=100, required=False, allow_blank=True)
    property_term = serializers.CharField(max_length=100, required=False, allow_blank=True)
    representation_term = serializers.CharField(max_length=100, required=False, allow_blank=True)
    notation = serializers.CharField(max_length=60, required=False, allow_blank=True)
    unit = serializers.CharField(max_length=40, required=False, allow_blank=True)
    value_domain = serializers.ChoiceField(choices=ValueDomain.choices, required=False)
    code_set = VisibleKey(queryset=CodeSet.objects.all(), required=False, allow_null=True)
    check_scheme = serializers.CharField(max_length=32, required=False, allow_blank=True)
    values_note = serializers.CharField(max_length=500, required=False, allow_blank=True)
    level = serializers.ChoiceField(choices=Level.choices, required=False)
    level_reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    reference = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    change_note = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class ElementBody(EditionBody):
    """A new element with its first draft."""

    agency = VisibleKey(queryset=Agency.objects.all())
    code = serializers.CharField(max_length=40)
    domain = serializers.ChoiceField(choices=Domain.choices)


class ElementFileBody(serializers.Serializer[Any]):
    """A multipart form: a printed table (xlsx, xls, CSV), who keeps its new elements, and which classes of rows to take.

    ``dry_run`` (the default) writes nothing; a ``seen`` from its answer makes sure that the registry is still what was shown.
    """

    file = serializers.FileField()
    agency = VisibleKey(queryset=Agency.objects.all())
    domain = serializers.ChoiceField(choices=Domain.choices, required=False, default=Domain.GENERAL)
    take = serializers.ListField(
        child=serializers.ChoiceField(choices=tuple(KINDS.items())), required=False, default=DEFAULT_TAKE
    )
    seen = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    dry_run = serializers.BooleanField(required=False, default=True)


class ImportReasonSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)


class ImportRowSerializer(serializers.Serializer[Any]):
    """``outcome``: new, change, same or error; ``kinds``: the classes that must all be taken before the row is."""

    sheet = serializers.CharField(read_only=True)
    line = serializers.IntegerField(read_only=True)
    code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    outcome = serializers.CharField(read_only=True)
    kinds = serializers.ListField(child=serializers.CharField(), read_only=True)
    taken = serializers.BooleanField(read_only=True)
    reasons = ImportReasonSerializer(many=True, read_only=True)


class ImportSerializer(serializers.Serializer[Any]):
    """What each row became, or would; ``over``: what of the file was read over."""

    dry_run = serializers.BooleanField(read_only=True)
    seen = serializers.CharField(read_only=True)
    taken = serializers.IntegerField(read_only=True)
    rows = ImportRowSerializer(many=True, read_only=True)
    over = serializers.ListField(child=serializers.CharField(), read_only=True)


class NameSerializer(serializers.ModelSerializer[ElementName]):
    class Meta:
        model = ElementName
        fields = ("id", "kind", "text", "context", "origin", "added_at")
        read_only_fields = fields


class NamesBody(serializers.Serializer[Any]):
    """Names that the element has already are passed over."""

    kind = serializers.ChoiceField(choices=NameKind.choices)
    texts = serializers.ListField(child=serializers.CharField(max_length=200), allow_empty=False, max_length=200)
    context = serializers.CharField(max_length=100, required=False, allow_blank=True)


class TransitionBody(serializers.Serializer[Any]):
    """``transition`` is one of ``open_to`` of the edition's history; retiring what is in use takes ``uses`` of its impact as ``confirm``."""

    transition = serializers.CharField(max_length=40)
    opinion = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")
    confirm = serializers.IntegerField(min_value=0, max_value=2**31, required=False, allow_null=True, default=None)


class ImpactHitSerializer(serializers.Serializer[Any]):
    """Things of one kind; ``hidden`` of the ``count`` are not for the reader's eyes."""

    label = serializers.CharField(read_only=True)
    count = serializers.IntegerField(read_only=True)
    hidden = serializers.IntegerField(read_only=True)
    examples = serializers.SerializerMethodField()
    url = serializers.CharField(read_only=True)

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_examples(self, hit: Any) -> list[dict[str, str]]:
        return [{"name": name, "url": url} for name, url in hit.named]


class ImpactSerializer(serializers.Serializer[Any]):
    """What leans on the element or code set of an edition; ``uses`` is the sum."""

    uses = serializers.IntegerField(read_only=True)
    hits = ImpactHitSerializer(many=True, read_only=True)


class StepSerializer(serializers.ModelSerializer[WorkflowStep]):
    class Meta:
        model = WorkflowStep
        fields = ("transition", "before", "after", "actor_name", "opinion", "at")
        read_only_fields = fields


class HistorySerializer(serializers.Serializer[Any]):
    """The steps so far, oldest first, and the names of the transitions that the caller may do now."""

    steps = StepSerializer(many=True, read_only=True)
    open_to = serializers.ListField(child=serializers.CharField(), read_only=True)


class DifferenceSerializer(serializers.Serializer[Any]):
    """One attribute or code against the edition in force; ``kind`` is added, removed, changed or same."""

    key = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    old = serializers.CharField(read_only=True)
    new = serializers.CharField(read_only=True)


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """``accepted`` null: not answered."""

    agency = AgencyReference(read_only=True)
    author = serializers.CharField(source="author.name", read_only=True, default="")

    class Meta:
        model = Comment
        fields = ("id", "agency", "author", "text", "at", "accepted", "answer", "answered_at")
        read_only_fields = fields


class CommentBody(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=2_000)


class AnswerBody(serializers.Serializer[Any]):
    """``comment`` by id; a refusal needs its reason."""

    comment = serializers.IntegerField(min_value=1, max_value=2**62)
    accepted = serializers.BooleanField()
    answer = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")


class CitationSerializer(serializers.ModelSerializer[Citation]):
    """``checked_on`` null: written from memory, nobody has compared it with the text."""

    number = serializers.CharField(source="text.number", read_only=True)

    class Meta:
        model = Citation
        fields = ("id", "text", "number", "clause", "checked_on")
        read_only_fields = fields


class CitationBody(serializers.Serializer[Any]):
    text = VisibleKey(queryset=StandardText.objects.all())
    clause = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    checked_on = serializers.DateField(required=False, allow_null=True, default=None)


# Code sets -------------------------------------------------------------------------------------------------------------


class CodeEditionSerializer(serializers.ModelSerializer[CodeSetEdition]):
    code_set = CodeSetReference(read_only=True)
    author = serializers.CharField(source="author.name", read_only=True, default="")

    class Meta:
        model = CodeSetEdition
        fields = ("id", "code_set", "label", "state", "valid_from", "valid_to", "note", "author", "published_at")
        read_only_fields = fields


class CodeEditionBody(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=40)
    valid_from = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class CodeSetSerializer(serializers.ModelSerializer[CodeSet]):
    """``edition`` is the one in force, ``codes`` the number of its codes."""

    agency = AgencyReference(read_only=True)
    edition = CodeEditionSerializer(source="current", read_only=True, allow_null=True)
    codes = serializers.IntegerField(source="codes_count", read_only=True)

    class Meta:
        model = CodeSet
        fields = ("id", "reference", "name", "description", "agency", "edition", "codes", "updated_at")
        read_only_fields = fields


class CodeSetBody(CodeEditionBody):
    """A new code set with its first draft."""

    agency = VisibleKey(queryset=Agency.objects.all())
    reference = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class CodeSerializer(serializers.ModelSerializer[Code]):
    class Meta:
        model = Code
        fields = ("code", "name", "parent", "valid_from", "valid_to", "note")


class CodeBody(serializers.Serializer[Any]):
    """``valid_to`` is the first day on which the code is no longer valid."""

    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=300)
    parent = serializers.CharField(max_length=60, required=False, allow_blank=True)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class CodesBody(serializers.Serializer[Any]):
    """All the codes of the draft, in order; errors name the line, counted from 1."""

    codes = CodeBody(many=True, allow_empty=False, max_length=20_000)  # type: ignore[call-arg]


class MappingSerializer(serializers.ModelSerializer[CodeMapping]):
    class Meta:
        model = CodeMapping
        fields = ("old", "new", "since", "note")


class MappingBody(serializers.Serializer[Any]):
    old = serializers.CharField(max_length=60)
    new = serializers.CharField(max_length=60, required=False, allow_blank=True)
    since = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class MappingsBody(serializers.Serializer[Any]):
    """All the maps of the code set; several rows of one old code are a split, an empty ``new`` drops it."""

    mappings = MappingBody(many=True, max_length=20_000)  # type: ignore[call-arg]


# Texts and notations ---------------------------------------------------------------------------------------------------


class TextSerializer(serializers.ModelSerializer[StandardText]):
    """``checked_on`` null: entered from memory, nobody has compared it with the text."""

    agency = AgencyReference(read_only=True)

    class Meta:
        model = StandardText
        fields = (
            "id", "agency", "number", "title", "level", "publisher", "published_on", "effective_on", "abolished_on", "status",
            "superseded_by", "note", "checked_on", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class TextBody(serializers.Serializer[Any]):
    agency = VisibleKey(queryset=Agency.objects.all(), required=False)
    number = serializers.CharField(max_length=60)
    title = serializers.CharField(max_length=300)
    level = serializers.ChoiceField(choices=StandardLevel.choices)
    status = serializers.ChoiceField(choices=TextStatus.choices, required=False)
    publisher = serializers.CharField(max_length=200, required=False, allow_blank=True)
    published_on = serializers.DateField(required=False, allow_null=True)
    effective_on = serializers.DateField(required=False, allow_null=True)
    abolished_on = serializers.DateField(required=False, allow_null=True)
    superseded_by = VisibleKey(queryset=StandardText.objects.all(), required=False, allow_null=True)
    note = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    checked_on = serializers.DateField(required=False, allow_null=True)


class NotationBody(serializers.Serializer[Any]):
    """A notation and the values to hold against it."""

    notation = serializers.CharField(max_length=60)
    values = serializers.ListField(
        child=serializers.CharField(max_length=10_000, allow_blank=True, trim_whitespace=False),
        max_length=1_000,
        required=False,
        default=list,
    )

    def validate_notation(self, text: str) -> str:
        try:
            parse(text)
        except NotationError as error:
            raise serializers.ValidationError(unparsed(error)) from error
        return text


class VerdictSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(read_only=True)
    valid = serializers.BooleanField(read_only=True)
    reason = serializers.CharField(read_only=True)


class CheckSerializer(serializers.Serializer[Any]):
    """What follows from a notation: verdicts on the values, and its schema, checks and column types."""

    notation = serializers.CharField(read_only=True)
    results = VerdictSerializer(many=True, read_only=True)
    json_schema = serializers.SerializerMethodField()
    checks = serializers.DictField(child=serializers.CharField(), read_only=True)
    types = serializers.DictField(child=serializers.CharField(), read_only=True)

    @extend_schema_field({"type": "object"})
    def get_json_schema(self, found: dict[str, Any]) -> Any:
        return found["json_schema"]


class DdlSerializer(serializers.Serializer[Any]):
    """The line of a CREATE TABLE for a column that carries the element, and what it should be checked with."""

    dialect = serializers.CharField(read_only=True)
    column = serializers.CharField(read_only=True)
    type = serializers.CharField(read_only=True)
    ddl = serializers.CharField(read_only=True)
    check = serializers.CharField(read_only=True)
