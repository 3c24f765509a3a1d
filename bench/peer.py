"""One peer answering questions, in the virtual environment of the peers: it knows nothing of Firstline.

``python bench/peer.py NAME`` reads {"model", "articles": [[id, text], …]} as a line of JSON and says ``{}`` when it
has its index; then, to each line with a question, {"top", "score", "ms"}: the article whose text lies nearest, the
peer's own score for it, and how long that took. Each peer is used as its documentation shows, with its defaults.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from time import perf_counter

Asked = Callable[[str], tuple[str, float]]
"""A question in, the nearest article's id and the peer's score out."""


def by_hand(model: str, articles: Sequence[tuple[str, str]]) -> Asked:
    """sentence-transformers and FAISS, as one writes it oneself in ten lines."""
    import faiss
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu")
    index = faiss.IndexFlatIP(384)
    index.add(encoder.encode([text for _, text in articles], normalize_embeddings=True))

    def ask(question: str) -> tuple[str, float]:
        scores, found = index.search(encoder.encode([question], normalize_embeddings=True), 1)
        return articles[int(found[0][0])][0], float(scores[0][0])

    return ask


def txtai(model: str, articles: Sequence[tuple[str, str]]) -> Asked:
    from txtai import Embeddings

    embeddings = Embeddings(path=model)
    embeddings.index([text for _, text in articles])

    def ask(question: str) -> tuple[str, float]:
        number, score = embeddings.search(question, 1)[0]
        return articles[int(number)][0], float(score)

    return ask


def haystack(model: str, articles: Sequence[tuple[str, str]]) -> Asked:
    from haystack import Document, Pipeline
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    documents = [
        Document(id=str(number), content=text, meta={"article": name}) for number, (name, text) in enumerate(articles)
    ]
    embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
    if hasattr(embedder, "warm_up"):
        embedder.warm_up()
    store.write_documents(embedder.run(documents)["documents"])
    pipeline = Pipeline()
    pipeline.add_component("embedder", SentenceTransformersTextEmbedder(model=model, progress_bar=False))
    pipeline.add_component("retriever", InMemoryEmbeddingRetriever(document_store=store, top_k=1))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")

    def ask(question: str) -> tuple[str, float]:
        found = pipeline.run({"embedder": {"text": question}})["retriever"]["documents"][0]
        return str(found.meta["article"]), float(found.score)

    return ask


def semantic_router(model: str, articles: Sequence[tuple[str, str]]) -> Asked:
    from semantic_router import IndexedRouter, Route
    from semantic_router.encoders.local import LocalEncoder

    texts: dict[str, list[str]] = {}
    for name, text in articles:
        texts.setdefault(name, []).append(text)
    routes = [Route(name=name, utterances=said) for name, said in texts.items()]
    router = IndexedRouter(encoder=LocalEncoder(name=model, device="cpu"), routes=routes)

    def ask(question: str) -> tuple[str, float]:
        choice = router(question)
        return str(choice.name), float(choice.confidence)

    return ask


PEERS = {
    "sentence-transformers + FAISS": by_hand,
    "txtai": txtai,
    "haystack-ai": haystack,
    "semantic-router": semantic_router,
}


def main() -> None:
    # Whatever a library prints must not be taken for an answer.
    out, sys.stdout = sys.stdout, sys.stderr
    order = json.loads(sys.stdin.readline())
    ask = PEERS[sys.argv[1]](order["model"], [(name, text) for name, text in order["articles"]])
    print("{}", file=out, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        started = perf_counter()
        name, score = ask(question)
        taken = (perf_counter() - started) * 1000
        print(json.dumps({"top": name, "score": score, "ms": taken}), file=out, flush=True)


if __name__ == "__main__":
    main()
