from __future__ import annotations

import pytest

from retrieval.languages import language_of, tag_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I forgot my password, can't get in", "en"),
        ("password reset", "en"),
        ("忘记密码了登不上去", "zh"),
        ("換人工客服", "zh"),
        ("SSO 登录失败", "zh"),
        ("我忘記密碼了怎麼辦", "zh"),
        ("點樣改密碼呀", "zh"),
        ("我の帳號被鎖了", "zh"),
        ("怎么重置api key", "zh"),
        ("deploy失败", "zh"),
        ("please help，SSO 登入失敗了", "zh"),
        ("ｅｘｃｅｌ 导入失败怎么办", "zh"),
        ("パスワードを忘れました", "ja"),
        ("비밀번호를 잊어버렸어요", "ko"),
        ("я забыл пароль", "ru"),
        ("я забув пароль і не можу увійти", "uk"),
        ("ich habe mein Passwort vergessen", "de"),
        ("j'ai oublié mon mot de passe", "fr"),
        ("he olvidado mi contraseña", "es"),
        ("non riesco ad accedere con la mia password", "it"),
        ("لقد نسيت كلمة المرور", "ar"),
        ("שכחתי את הסיסמה", "he"),
    ],
)
def test_a_language_is_known_by_its_script_or_its_commonest_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_one_chinese_word_in_an_english_sentence_leaves_it_english() -> None:
    assert language_of("what does the button called 导出 do in the report settings") == "en"


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "12345", "?!", "\x00\x07"])
def test_a_text_without_letters_is_in_the_default_language(text: str) -> None:
    assert language_of(text, "zh") == "zh"


def test_a_word_that_tells_nothing_is_in_the_default_language_of_its_script() -> None:
    assert language_of("Kubernetes", "de") == "de"
    assert language_of("Kubernetes", "zh") == "en"


@pytest.mark.parametrize(
    "text", ["display shows E12", "E13 error", "error E-12", "O2 sensor", "plan_de billing", "A4 size"]
)
def test_a_letter_of_a_code_is_no_word_of_another_language(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "Export logs as PDF",
        "price per seat",
        "email me invoice",
        "no sound",
        "login acme.com fails",
        "acme.de/login 404",
    ],
)
def test_few_english_words_are_english_though_another_language_has_one_of_them(text: str) -> None:
    assert language_of(text) == "en"


def test_among_equals_the_language_of_the_kb_is_the_likeliest() -> None:
    assert language_of("no funciona", "es") == "es"
    assert language_of("Export in App", "de") == "de"
    assert language_of("Export in App") == "en"


def test_a_code_within_a_sentence_leaves_its_language() -> None:
    assert language_of("il display mostra E12 e non va") == "it"
    assert language_of("Fehler E12, was ist das?", "de") == "de"


@pytest.mark.parametrize("text", ["解約", "領収書発行", "料金", "返金可能?", "Webhookの設定方法", "API連携"])
def test_han_characters_alone_are_japanese_where_the_kb_is(text: str) -> None:
    assert language_of(text, "ja") == "ja"
    assert language_of(text, "en", han="ja") == "ja"


@pytest.mark.parametrize("text", ["怎么取消订阅", "密码忘了", "如何退款", "請問如何退款", "我の帳號被鎖了嗎"])
def test_what_no_japanese_writes_is_chinese_in_a_japanese_kb_too(text: str) -> None:
    assert language_of(text, "ja") == "zh"


@pytest.mark.parametrize("text", ["iPhone 15 Pro Max 充电", "Apple Watch Series 9 配对", "Visa Debit Card 年费"])
def test_names_in_latin_letters_weigh_nothing_beside_chinese(text: str) -> None:
    assert language_of(text, "zh") == "zh"
    assert language_of(text, "en") == "zh"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("vendéis ropa de bebé?", "es"),
        ("cuál es el café", "es"),
        ("é possível parcelar?", "pt"),
        ("la taglia è di più", "it"),
        ("problème de réseau", "fr"),
    ],
)
def test_a_letter_that_several_languages_have_speaks_for_each_of_them(text: str, language: str) -> None:
    assert language_of(text, language) == language


def test_full_width_letters_are_read_like_any_others() -> None:
    assert language_of("ｈｏｗ ｄｏ Ｉ ｒｅｓｅｔ ｉｔ") == "en"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("我忘記密碼了", "zh-Hant"),
        ("我忘记密码了", "zh"),
        ("SSO 登入失敗", "zh-Hant"),
        ("日文", "zh"),
        ("「设置」", "zh"),
    ],
)
def test_chinese_is_told_by_its_characters(text: str, tag: str) -> None:
    assert tag_of(text, "zh") == tag


def test_only_chinese_has_two_scripts() -> None:
    assert tag_of("電話番号", "ja") == "ja"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Herzlichen Dank", "de"),
        ("salut ça va", "fr"),
        ("rappelez-moi vite", "fr"),
        ("y a-t-il quelqu'un de réel ici ?", "fr"),
        ("j’ai oublié d’ajouter l’adresse", "fr"),
        ("Muchísimas gracias", "es"),
        ("muito obrigado pela ajuda", "pt"),
        ("vorrei parlare con una persona vera", "it"),
        ("mi dica l'orario dell'assistenza", "it"),
        ("kunnen jullie me terugbellen?", "nl"),
    ],
)
def test_a_greeting_thanks_or_a_short_request_is_in_its_language_in_an_english_kb(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["single sign-on fails", "O'Brien cannot log in", "opt-in", "log me in", "log-in on iPhone"]
)
def test_an_apostrophe_or_a_hyphen_makes_no_english_word_french(text: str) -> None:
    assert language_of(text) == "en"
