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
