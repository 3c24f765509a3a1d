"""multilingual-e5-small in the forms in which it is run: a network for onnxruntime, and pieces for sentencepiece."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from retrieval.bert_graph import write_bert
from retrieval.e5_file import BEGIN, END, PAD, UNKNOWN, open_file, weights_of


def write_graph(path: Path) -> None:
    """The network, with the weights as the package has them. It reads ``words``, which stay in the package's file."""
    weights, blocks = weights_of(open_file())
    write_bert(weights, path, "int4", blocks)


def write_pieces(path: Path) -> None:
    """The pieces of words. It is for who uses them to read characters as the model does, and to write spaces."""
    # Its classes are made when it is imported: nothing else knows of them.
    model: Any = import_module("sentencepiece.sentencepiece_model_pb2").ModelProto()
    kind = model.SentencePiece
    kinds = {BEGIN: kind.CONTROL, PAD: kind.CONTROL, END: kind.CONTROL, UNKNOWN: kind.UNKNOWN}
    for number, (letters, score) in enumerate(open_file().pieces()):
        model.pieces.add(piece=letters, score=score, type=kinds.get(number, kind.NORMAL))
    model.trainer_spec.model_type = model.trainer_spec.UNIGRAM
    model.trainer_spec.vocab_size = len(model.pieces)
    model.trainer_spec.bos_id, model.trainer_spec.pad_id = BEGIN, PAD
    model.trainer_spec.eos_id, model.trainer_spec.unk_id = END, UNKNOWN
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = False
    model.normalizer_spec.remove_extra_whitespaces = False
    model.normalizer_spec.escape_whitespaces = False
    path.write_bytes(model.SerializeToString())
