"""First questions to a KB without examples, in a language that nothing was fitted on or with few articles."""

from __future__ import annotations

from functools import cache

import pytest

from bot.decisions import Clarify, Decline, Why
from bot.learning.evaluation import ask_alone
from bot.learning.publish import Fit
from bot.learning.scratch import serve
from bot.live import House, Serving
from kb_content.articles import Article, Contents, PublishedArticle
from kb_content.passages import split
from retrieval.encoders import load_encoders

COURSES = {
    "acesso": (
        "Como acesso o curso depois de comprar?",
        'Após a confirmação do pagamento você recebe um e-mail com o link. Entre com o mesmo e-mail em "Meus cursos". '
        "No boleto a confirmação leva até dois dias úteis.",
    ),
    "senha": (
        "Esqueci minha senha, o que faço?",
        'Na tela de login clique em "Esqueci a senha" e informe seu e-mail. O link vale por duas horas.',
    ),
    "certificado": (
        "Como recebo o certificado?",
        "O certificado é liberado quando você conclui 80 % das aulas. Baixe em PDF na página do curso. O nome sai como "
        "está no seu perfil.",
    ),
    "prova": (
        "Posso refazer a prova?",
        "Você tem três tentativas, com intervalo de 24 horas. Depois da terceira, o professor libera uma nova.",
    ),
    "prazo": (
        "Por quanto tempo posso assistir às aulas?",
        "O acesso vale por 12 meses a partir da compra. Pode ser renovado com 70 % de desconto.",
    ),
    "offline": (
        "Consigo baixar as aulas?",
        "No aplicativo é possível baixar as aulas e assistir sem internet por 30 dias. No computador só on-line.",
    ),
    "reembolso": (
        "Como peço reembolso?",
        'Até sete dias depois da compra, em "Minhas compras". O estorno no cartão aparece em até duas faturas.',
    ),
    "pagamento": (
        "Quais são as formas de pagamento?",
        "Cartão de crédito em até 12 vezes, Pix com 5 % de desconto e boleto à vista.",
    ),
    "legendas": ("As aulas têm legendas?", "Todas têm legendas em português. Ative no botão CC do player."),
    "cupom": ("Meu cupom não funciona", "Cupons valem uma vez por cliente e não se somam ao desconto do Pix."),
}
BOX = {
    "order": (
        "How to order a vegetable box",
        "Choose a small, medium or large box on our website and a delivery day, Tuesday or Friday.\n\n"
        "Boxes are a subscription, every week or every other week, with no minimum term.\n\n"
        "The small box feeds two people and costs 18 €, the medium 26 €, the large 34 €.",
    ),
    "pause": (
        "Pause or cancel your subscription",
        "Pause in your account under Holidays, for up to eight weeks. Changes count until 48 hours before the next "
        "delivery.\n\nCancel at any time. A box that is already packed is still delivered and charged.",
    ),
    "delivery": (
        "Delivery and where we leave the box",
        "We deliver between 7 and 14 h in the city and in the villages up to 20 km around.\n\n"
        "Tell us a safe place, such as a porch. Please put out the empty box, there is a deposit of 5 €.",
    ),
    "contents": (
        "What is in the box, and swapping things",
        "The contents of the next box are online on Sunday. Until Monday noon you can exclude up to three kinds of "
        "vegetables and swap two.\n\nEverything is grown organically, two thirds of it on our own fields.",
    ),
    "quality": (
        "Something is damaged or missing",
        "Send a photo within 24 hours. We credit the value to your next box.\n\n"
        "Bruised apples happen; mouldy ones should not.",
    ),
}
COFFEE = {
    "sub": (
        "咖啡豆怎么订",
        "在小程序选择烘焙度、研磨方式和份量，每周或每两周寄一次。250克58元，随时可停。",
    ),
    "stop": ("暂停和取消", '在小程序"我的订阅"里点暂停，最长三个月。发货前一天晚上八点前改动都有效。'),
    "ship": ("寄送时间和运费", "每周三发货，全国包邮，一般两到四天送到。烘焙日期印在袋子上。"),
    "grind": ("研磨和冲泡", "可选豆子、手冲、意式、法压。手冲建议水温92度。开封后请密封，一个月内喝完。"),
    "bad": ("破损或味道不对", "收到三天内拍照发给客服，补寄一包或退款。不喜欢口味不能退，但可以免费换一次豆子。"),
}

PAGES = {
    "ios-install": ("Installation", "iPhone: open the App Store, search for Tidewatch and tap Get. Needs iOS 15."),
    "android-install": ("Installation", "Android: open Google Play, search for Tidewatch and tap Install."),
    "windows-install": ("Installation", "Windows: download tidewatch.exe and run it as administrator."),
    "linux-install": ("Installation", "Linux: add the repository and run apt install tidewatch."),
    "pricing": ("Pricing", "Tidewatch costs 3 euros a month or 30 a year. Students pay half."),
}


@cache
def served(language: str) -> Serving:
    return _serve(language, {"pt": COURSES, "en": BOX, "zh": COFFEE}[language])


def _serve(language: str, kb: dict[str, tuple[str, str]]) -> Serving:
    articles = [Article(name, language, title, body) for name, (title, body) in kb.items()]
    contents = Contents(tuple(PublishedArticle(one, 1, split(one, 1)) for one in articles))
    encoders = load_encoders(None, lambda sentence: None)
    return serve(contents, encoders, Fit(), House(""), lambda sentence: None)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("cadê meu diploma", "certificado"),
        ("quantas vezes posso tentar", "prova"),
        ("ver no avião sem wifi", "offline"),
        ("link de redefinir expirou", "senha"),
    ],
)
def test_a_short_question_in_a_language_that_nothing_was_fitted_on_gets_choices(text: str, right: str) -> None:
    _, decision = ask_alone(served("pt"), text, "pt")
    assert isinstance(decision, Clarify)
    assert right in [option.article_id for option in decision.options]


@pytest.mark.parametrize(
    ("language", "text", "right"),
    [
        ("en", "my salad was rotten", "quality"),
        ("en", "i hate beetroot", "contents"),
        ("en", "every two weeks possible?", "order"),
        ("en", "stop my box", "pause"),
        ("zh", "太酸了喝不惯", "bad"),
        ("zh", "家里没有磨豆机", "grind"),
    ],
)
def test_a_kb_of_five_articles_gives_choices_for_what_it_answers_in_other_words(
    language: str, text: str, right: str
) -> None:
    _, decision = ask_alone(served(language), text, language)
    assert isinstance(decision, Clarify)
    assert right in [option.article_id for option in decision.options]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "tell me a story about dragons"),
        ("en", "how do I get rid of ants in the kitchen"),
        ("en", "who is going to win the election"),
        ("zh", "红楼梦是谁写的"),
        ("zh", "火星上有没有生命"),
    ],
)
def test_everyday_chatter_is_declined_however_few_articles_there_are(language: str, text: str) -> None:
    _, decision = ask_alone(served(language), text, language)
    assert decision == Decline(Why.FOREIGN)


@pytest.mark.parametrize(("language", "text"), [("en", "pizza"), ("en", "football"), ("zh", "篮球"), ("zh", "股票")])
def test_a_word_about_nothing_in_the_kb_gets_no_choices(language: str, text: str) -> None:
    reading, decision = ask_alone(served(language), text, language)
    assert reading.foreign
    assert isinstance(decision, Decline)


def test_a_choice_among_few_articles_is_as_probable_as_a_blind_one_at_least() -> None:
    readings = [ask_alone(served("en"), text, "en")[0] for text in ("stop my box", "my salad was rotten")]
    assert all(reading.offer >= 0.7 * len(reading.close) / len(BOX) for reading in readings)


def test_pages_of_one_title_are_never_told_by_it_but_offered_by_what_sets_them_apart() -> None:
    reading, decision = ask_alone(_serve("en", PAGES), "installation", "en")
    assert reading.confidence <= 0.6
    assert isinstance(decision, Clarify)
    names = {"Installation (ios)", "Installation (android)", "Installation (windows)", "Installation (linux)"}
    assert {option.title for option in decision.options} < names
