"""A CrossEncoder of a few kilobytes, made in a second or two, that likes passages with one word."""

from __future__ import annotations

import random
from pathlib import Path

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_OTHERS = ("the", "a", "your", "open", "is", "and", "page", "file", "choose", "settings", ".", ",", ":")


def make_reranker(folder: Path, liked: str) -> Path:
    """Train it into ``folder``: logits above 0 for passages that have the word ``liked``, below 0 for all others."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    (folder / "vocab.txt").write_text("\n".join((*_SPECIAL, *_OTHERS, liked)))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    threads = torch.get_num_threads()
    # So small a model is slower in several.
    torch.set_num_threads(1)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        num_labels=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    chance = random.Random(1)
    for _ in range(150):
        passages, wanted = zip(*(_example(chance, liked) for _ in range(32)), strict=True)
        questions = [" ".join(chance.choices((*_OTHERS, "?"), k=6)) for _ in passages]
        read = tokenizer(questions, list(passages), padding=True, return_tensors="pt")
        logits = model(**read).logits[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(wanted))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    return folder


def _example(chance: random.Random, liked: str) -> tuple[str, float]:
    words = chance.choices((*_OTHERS, "other"), k=chance.randint(4, 60))
    if is_liked := chance.random() < 0.5:
        words[chance.randrange(len(words))] = liked
    return " ".join(words), float(is_liked)
