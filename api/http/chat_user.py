"""The web chat's visitor as a user of the site around it, by what the site's server signed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field

from api.http.chat import TheVisitor
from api.http.parts import Now, TheProduct
from api.http.problems import ApiProblem, answers
from api.http.words import storable
from api.settings import secret_key
from handoff.site_users import LONGEST_ID, SiteUser, identify, is_signed, site_key
from store import transaction

router = APIRouter(prefix="/api/v1/chat", tags=["web chat"])

UserId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID), BeforeValidator(storable)]
Named = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(storable)]


class SignedUser(BaseModel):
    """Who is signed in on the site."""

    user: UserId = Field(description="The user's id or e-mail address on the site.")
    hash: str = Field(max_length=200, description="HMAC-SHA256 in hex, made by the site's server: see `Users` there.")
    account: Named | None = Field(None, description="The name of their account, if it was signed with the id.")
    name: Named | None = Field(None, description="What agents call them; not signed.")


class Identified(BaseModel):
    user: str
    account: str | None = Field(description="The account that they belong to now.")


@router.post("/user", response_model=Identified, responses=answers(400, 401, 403, 409, 413, 422))
def user(product: TheProduct, who: TheVisitor, now: Now, said: SignedUser) -> Identified:
    """Say which user of the site the visitor is. Once is enough for a session; again does no harm."""
    them = SiteUser(said.user, said.account, said.name)
    if not is_signed(site_key(secret_key(product.settings)), them, said.hash):
        raise ApiProblem(403, "The hash does not fit the user. The console shows how it is made: Accounts, Your site.")
    with transaction(product.database) as session:
        account = identify(session, who.visitor, them, now)
    return Identified(user=said.user, account=account.name if account else None)
