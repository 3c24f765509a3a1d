"""The Web API's methods, by the surface they serve. Importing this registers them all."""

from . import apps, assistant, chat, conversations, files, oauth, people, streams, views

__all__ = ["apps", "assistant", "chat", "conversations", "files", "oauth", "people", "streams", "views"]
