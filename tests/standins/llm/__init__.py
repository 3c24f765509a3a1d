"""A stand-in for an OpenAI-compatible endpoint: it answers well, lies, stalls, drips or breaks, as it is told."""

from standins.llm.server import BreaksOff, Call, Drips, LlmServer, Raw, Reply, Says, Stalls, Status, serving

__all__ = ["BreaksOff", "Call", "Drips", "LlmServer", "Raw", "Reply", "Says", "Stalls", "Status", "serving"]
