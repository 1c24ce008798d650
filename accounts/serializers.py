"""Shapes of accounts on the wire. A body says what may be set; everything else in it is ignored."""

from typing import Any

from rest_framework import serializers

from accounts.choices import Role, TokenScope
from accounts.models import Agency, Grant, Person, Token
from accounts.services.tokens import MAX_DAYS
from core.api import VisibleKey


class AgencySerializer(serializers.ModelSerializer[Agency]):
    people_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Agency
        fields = (
            "id",
            "code",
            "name",
            "short_name",
            "name_en",
            "parent",
            "level",
            "is_active",
            "people_count",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class AgencyBody(serializers.ModelSerializer[Agency]):
    parent = VisibleKey(queryset=Agency.objects.all())

    class Meta:
        model = Agency
        fields = ("code", "name", "short_name", "name_en", "parent", "is_active")
        validators: list[Any] = []  # the service asks the constraints


class AgencyReference(serializers.ModelSerializer[Agency]):
    class Meta:
        model = Agency
        fields = ("id", "code", "name")
        read_only_fields = fields


class PersonSerializer(serializers.ModelSerializer[Person]):
    agency = AgencyReference(read_only=True)

    class Meta:
        model = Person
        fields = (
            "id",
            "username",
            "name",
            "agency",
            "email",
            "phone",
            "is_active",
            "last_login",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class PersonBody(serializers.ModelSerializer[Person]):
    agency = VisibleKey(queryset=Agency.objects.all())

    class Meta:
        model = Person
        fields = ("username", "name", "agency", "email", "phone")


class NewPersonBody(PersonBody):
    password = serializers.CharField(
        write_only=True,
        required=False,
        trim_whitespace=False,
        max_length=128,
        help_text="Initial password, to be changed at the first sign-in; without one the person cannot sign in yet.",
    )

    class Meta(PersonBody.Meta):
        fields = (*PersonBody.Meta.fields, "password")


class PersonReference(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = ("id", "username", "name")
        read_only_fields = fields


class GrantSerializer(serializers.ModelSerializer[Grant]):
    person = PersonReference(read_only=True)
    agency = AgencyReference(read_only=True)
    granted_by = PersonReference(read_only=True)
    current = serializers.BooleanField(source="is_current", read_only=True)

    class Meta:
        model = Grant
        fields = (
            "id",
            "person",
            "role",
            "agency",
            "valid_from",
            "valid_until",
            "current",
            "granted_by",
            "granted_at",
            "revoked_at",
        )
        read_only_fields = fields


class GrantBody(serializers.Serializer[Grant]):
    person = VisibleKey(queryset=Person.objects.all())
    role = serializers.ChoiceField(choices=Role.choices)
    agency = VisibleKey(queryset=Agency.objects.all())
    valid_from = serializers.DateField(required=False)
    valid_until = serializers.DateField(required=False, allow_null=True)


class TokenSerializer(serializers.ModelSerializer[Token]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=TokenScope.choices), read_only=True)
    usable = serializers.BooleanField(source="is_usable", read_only=True)

    class Meta:
        model = Token
        fields = ("id", "name", "prefix", "scopes", "usable", "created_at", "expires_at", "last_used_at", "revoked_at")
        read_only_fields = fields


class NewTokenSerializer(TokenSerializer):
    """The only answer that ever holds the secret."""

    secret = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "secret")
        read_only_fields = fields


class TokenBody(serializers.Serializer[Token]):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=TokenScope.choices), allow_empty=False, max_length=10
    )
    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, default=90)


class RightSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
    agency = AgencyReference()
    verbs = serializers.ListField(child=serializers.CharField())


class MeSerializer(PersonSerializer):
    rights = RightSerializer(many=True, read_only=True)

    class Meta(PersonSerializer.Meta):
        fields = (*PersonSerializer.Meta.fields, "language", "theme", "rights")
        read_only_fields = fields
