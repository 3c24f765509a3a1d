"""How the site around the web chat says who is signed in there: the key, and what to put where. For admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.console.page import page
from api.console.parts import staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from api.settings import secret_key
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.site_users import site_key

router = APIRouter(prefix="/console/site", route_class=ConsoleRoute, include_in_schema=False)

Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
SNIPPET = """<script src="{address}/chat.js" async
  data-user="{{ user.id }}" data-user-hash="{{ hash }}"
  data-account="{{ company.name }}" data-name="{{ user.name }}"></script>"""
SAMPLES = {
    "Python": """import hashlib, hmac

def chat_hash(key: str, user_id: str, account: str | None = None) -> str:
    words = user_id if account is None else f"{user_id}\\n{account}"
    return hmac.new(key.encode(), words.encode(), hashlib.sha256).hexdigest()""",
    "Node.js": """const { createHmac } = require("node:crypto");

function chatHash(key, userId, account) {
  const words = account === undefined ? userId : `${userId}\\n${account}`;
  return createHmac("sha256", key).update(words, "utf8").digest("hex");
}""",
    "PHP": """function chat_hash(string $key, string $userId, ?string $account = null): string {
    return hash_hmac("sha256", $account === null ? $userId : "$userId\\n$account", $key);
}""",
}


@router.get("")
def site_page(request: Request, product: TheProduct, staff: Admin) -> Response:
    """The key is shown to whoever may manage the system, every time: the site's people must be able to look it up."""
    key = site_key(secret_key(product.settings))
    snippet = SNIPPET.replace("{address}", product.settings.address)
    origins = product.settings.framing_origins
    return page(request, "console/site.html", key=key, snippet=snippet, samples=SAMPLES, origins=origins)
