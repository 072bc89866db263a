from fastapi.testclient import TestClient

from tests.conftest import PASSWORD, sign_in

WANTED = {"email": "Grace@Example.com", "full_name": "Grace Hopper", "password": PASSWORD}


def test_a_customer_registers_and_signs_in(client: TestClient) -> None:
    answer = client.post("customers", json=WANTED)
    assert answer.status_code == 201
    assert answer.json()["email"] == "grace@example.com"
    assert "password" not in answer.text

    me = client.get("customers/me", headers=sign_in(client, "grace@example.com"))
    assert me.json()["full_name"] == "Grace Hopper"


def test_an_address_registers_once(client: TestClient) -> None:
    client.post("customers", json=WANTED)
    assert client.post("customers", json=WANTED).status_code == 409


def test_a_wrong_password_and_an_unknown_token_are_refused(
    client: TestClient, reader: dict[str, str]
) -> None:
    wrong = client.post("auth/token", data={"username": "ada@example.com", "password": "wrong"})
    assert wrong.status_code == 401
    assert client.get("customers/me", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert client.get("customers/me").status_code == 401


def test_a_customer_changes_the_account(client: TestClient, reader: dict[str, str]) -> None:
    changes = {"full_name": "Ada Lovelace", "phone": "+44 20 7946 0000"}
    changed = client.patch("customers/me", json=changes, headers=reader).json()
    assert (changed["full_name"], changed["phone"]) == ("Ada Lovelace", "+44 20 7946 0000")

    kept = client.patch("customers/me", json={"full_name": None}, headers=reader).json()
    assert kept["full_name"] == "Ada Lovelace"
