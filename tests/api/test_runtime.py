"""What a running application's document looks like beside the code's own schemas."""

from __future__ import annotations

from lsp_server.api.runtime import renamed


def test_only_schemas_and_what_points_to_them_get_other_names() -> None:
    pet = {"type": "object", "properties": {"schemas": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}}}}
    choice = {"oneOf": [{"$ref": "#/components/schemas/Pet"}], "discriminator": {"propertyName": "kind", "mapping": {"pet": "#/components/schemas/Pet"}}}
    document = {"paths": {"/pets": {"get": {"responses": {"200": choice}}}}, "components": {"schemas": {"Pet": pet, "Tag": {}}}}
    assert renamed(document) == {
        "paths": {"/pets": {"get": {"responses": {"200": {
            "oneOf": [{"$ref": "#/components/schemas/Pet at run time"}],
            "discriminator": {"propertyName": "kind", "mapping": {"pet": "#/components/schemas/Pet at run time"}},
        }}}}},
        "components": {"schemas": {
            "Pet at run time": {"type": "object", "properties": {"schemas": {
                "type": "array", "items": {"$ref": "#/components/schemas/Tag at run time"}}}},
            "Tag at run time": {},
        }},
    }  # fmt: skip
