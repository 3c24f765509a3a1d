"""The network of BERT, as small models have it, written down operator by operator for onnxruntime.

It reads the tokens of several texts as one row of tokens, without padding; each text attends to itself alone. In int8
every token is scaled by its own largest value, so that a vector does not depend on what is encoded beside it; in int4
each 32 values of a token are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WIDTH, HEADS = 384, 12
BLOCK = 32
"""Weights in 4 bits that share a scale."""
Precision = Literal["fp32", "int8", "int4"]
APART = np.float32(-10_000.0)
"""Added to the attention between tokens of different texts: the exponential of that is exactly 0."""

_EPSILON = 1e-12
_OPSET, _IR = 21, 10
_CONTRIB = "com.microsoft"
_SEVEN_BITS = 63
"""Processors without VNNI add two products in 16 bits: 255 · 63 · 2 just fits, so all processors give the same."""
_LEAST_GELU = 0.17
_IN_INT8 = 4
"""What onnxruntime calls products of 4 by 8 bits."""
_WORDS = "embeddings.word_embeddings.weight"


class Blocks(NamedTuple):
    """A matrix in 4 bits, a row for each output: a weight is (its half byte - 8) · the scale of its block."""

    halves: NDArray[np.uint8]
    """(rows, blocks, 16): the first of two weights in the lower half of a byte."""
    scales: Floats
    """(rows, blocks)"""


def write_bert(
    weights: Mapping[str, Floats], path: Path, precision: Precision, blocks: Mapping[str, Blocks] | None = None
) -> None:
    """Write the network to ``path``. ``weights``: by their names in BertModel; the matrices in 4 bits are ``blocks``.

    Inputs: ``places`` (tokens,), ``apart`` (tokens, tokens; 0 or APART), and ``ids`` (tokens,), or, where the table of
    words is not among the weights, ``words`` (tokens, 384); output: ``tokens`` (tokens, 384).
    """
    path.write_bytes(_Graph(weights, precision, blocks or {}).model())


class _Graph:
    """Operators and constants in the order in which they were added; a name stands for a tensor."""

    def __init__(self, weights: Mapping[str, Floats], precision: Precision, blocks: Mapping[str, Blocks]) -> None:
        self._weights = weights
        self._precision = precision
        self._blocks = blocks
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._ones = ""

    def model(self) -> bytes:
        from onnx import TensorProto, helper

        self._ones = self._one_a_head()
        has_words = _WORDS in self._weights
        tokens = self._norm(self._word() if has_words else "words", self._place(), "embeddings.LayerNorm")
        layer = 0
        while f"{_layer(layer)}.output.dense.bias" in self._weights:
            tokens = self._layer(tokens, _layer(layer))
            layer += 1
        self._nodes.append(helper.make_node("Identity", [tokens], ["tokens"]))
        inputs = [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["tokens"])
            if has_words
            else helper.make_tensor_value_info("words", TensorProto.FLOAT, ["tokens", WIDTH]),
            helper.make_tensor_value_info("places", TensorProto.INT64, ["tokens"]),
            helper.make_tensor_value_info("apart", TensorProto.FLOAT, ["tokens", "tokens"]),
        ]
        output = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["tokens", WIDTH])
        graph = helper.make_graph(self._nodes, "bert", inputs, [output], self._constants)
        versions = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
        return bytes(helper.make_model(graph, opset_imports=versions, ir_version=_IR).SerializeToString())

    def _layer(self, tokens: str, name: str) -> str:
        attention = f"{name}.attention"
        together = self._linear(tokens, [f"{attention}.self.{part}" for part in ("query", "key", "value")])
        own = self._linear(self._attention(together), [f"{attention}.output.dense"])
        tokens = self._norm(own, tokens, f"{attention}.output.LayerNorm")
        wide = self._linear(tokens, [f"{name}.intermediate.dense"], is_gelu=True)
        narrow = self._linear(wide, [f"{name}.output.dense"], least=_LEAST_GELU)
        return self._norm(narrow, tokens, f"{name}.output.LayerNorm")

    def _attention(self, together: str) -> str:
        """``together``: query, key and value side by side, (tokens, 3 · 384)."""
        heads = self._add("Reshape", [together, self._shape(-1, 3 * HEADS, WIDTH // HEADS)])
        heads = self._add("Transpose", [heads], perm=[1, 0, 2])
        query, key, value = self._add_several(3, "Split", [heads], axis=0, num_outputs=3)
        scale = float((WIDTH // HEADS) ** -0.5)
        scores = self._add("FusedMatMul", [query, key], domain=_CONTRIB, transB=1, alpha=scale)
        scores = self._add("Add", [scores, "apart"])
        shares = self._add("Exp", [self._add("Sub", [scores, self._greatest(scores)])])
        # Sums and totals in one product: it adds in the order of the tokens, and zeros of other texts change no bit.
        sums = self._add("MatMul", [shares, self._add("Concat", [value, self._ones], axis=2)])
        mixed, total = self._add_several(2, "Split", [sums, self._shape(WIDTH // HEADS, 1)], axis=2)
        mixed = self._add("Transpose", [self._add("Div", [mixed, total])], perm=[1, 0, 2])
        return self._add("Reshape", [mixed, self._shape(-1, WIDTH)])

    def _linear(self, tokens: str, names: Sequence[str], is_gelu: bool = False, least: float | None = None) -> str:
        """One matrix product for all ``names``. ``least``: a bound on how far below 0 ``tokens`` can be."""
        bias = self._constant(np.concatenate([self._weights[f"{name}.bias"] for name in names]))
        product = self._product(tokens, names, least)
        if is_gelu:
            return self._add("BiasGelu", [product, bias], domain=_CONTRIB)
        return self._add("Add", [product, bias])

    def _product(self, tokens: str, names: Sequence[str], least: float | None) -> str:
        if self._precision == "int4":
            return self._int4_product(tokens, [self._blocks[f"{name}.weight"] for name in names])
        weight = np.concatenate([self._weights[f"{name}.weight"].T for name in names], axis=1)
        if self._precision == "int8":
            return self._int8_product(tokens, weight, least)
        return self._add("MatMul", [tokens, self._constant(weight)])

    def _int4_product(self, tokens: str, parts: Sequence[Blocks]) -> str:
        """The matrices as they are held, each 32 values of a token in 8 bits: (tokens, columns)."""
        halves = np.concatenate([part.halves for part in parts])
        scales = np.concatenate([part.scales for part in parts])
        rows, blocks, _ = halves.shape
        inputs = [tokens, self._constant(halves), self._constant(scales.reshape(-1))]
        sizes = {"K": blocks * BLOCK, "N": rows, "bits": 4, "block_size": BLOCK}
        return self._add("MatMulNBits", inputs, domain=_CONTRIB, accuracy_level=_IN_INT8, **sizes)

    def _int8_product(self, tokens: str, weight: Floats, least: float | None) -> str:
        """Each token divided by its largest value, each column of ``weight`` by its own: (tokens, columns)."""
        columns = np.maximum(np.abs(weight).max(0), np.float32(1e-8)) / np.float32(_SEVEN_BITS)
        held = self._constant(np.rint(weight / columns).astype(np.int8))
        step, middle = self._constant(np.float32(1 / 127)), self._constant(np.uint8(128))
        largest = self._largest(tokens, least)
        scaled = self._add("QuantizeLinear", [self._add("Div", [tokens, largest]), step, middle])
        inputs = [scaled, held, step, self._constant(columns), middle]
        return self._add("Mul", [self._add("MatMulIntegerToFloat", inputs, domain=_CONTRIB), largest])

    def _largest(self, tokens: str, least: float | None) -> str:
        """The largest magnitude in each token, (tokens, 1); never 0, for all that is multiplied has a bias in it."""
        if least is None:
            return self._greatest(self._add("Abs", [tokens]))
        return self._add("Max", [self._greatest(tokens), self._constant(np.float32(least))])

    def _greatest(self, rows: str) -> str:
        return self._add("ReduceMax", [rows, self._shape(-1)], keepdims=1)

    def _one_a_head(self) -> str:
        """Ones of shape (heads, tokens, 1)."""
        shape = self._add("Concat", [self._shape(HEADS), self._add("Shape", ["places"]), self._shape(1)], axis=0)
        return self._add("Expand", [self._constant(np.ones((1, 1, 1), np.float32)), shape])

    def _word(self) -> str:
        table = self._weights[_WORDS]
        if self._precision != "int8":
            return self._add("Gather", [self._constant(table), "ids"])
        from onnx import TensorProto

        rows = np.maximum(np.abs(table).max(1, keepdims=True), np.float32(1e-8)) / np.float32(127)
        held = self._add("Gather", [self._constant(np.rint(table / rows).astype(np.int8)), "ids"])
        sizes = self._add("Gather", [self._constant(rows), "ids"])
        return self._add("Mul", [self._add("Cast", [held], to=TensorProto.FLOAT), sizes])

    def _place(self) -> str:
        embeddings = "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"
        places, kinds = (self._weights[name] for name in embeddings)
        return self._add("Gather", [self._constant(places + kinds[0]), "places"])

    def _norm(self, one: str, other: str, name: str) -> str:
        scale, shift = (self._constant(self._weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self._add(
            "LayerNormalization", [self._add("Add", [one, other]), scale, shift], axis=-1, epsilon=_EPSILON
        )

    def _shape(self, *sizes: int) -> str:
        return self._constant(np.array(sizes, np.int64))

    def _constant(self, value: Any) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name))
        return name

    def _add(self, operator: str, inputs: Sequence[str], domain: str = "", **attributes: Any) -> str:
        return self._add_several(1, operator, inputs, domain, **attributes)[0]

    def _add_several(
        self, count: int, operator: str, inputs: Sequence[str], domain: str = "", **attributes: Any
    ) -> list[str]:
        from onnx import helper

        outputs = [f"{operator}_{len(self._nodes)}_{number}" for number in range(count)]
        self._nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs


def _layer(number: int) -> str:
    return f"encoder.layer.{number}"
