from ponte_demo.forms import Button, Forms

PAGE = """<form action="/search"><input name="q" value="x"><button>Buscar</button></form>
<form method="post" action="/consent"><input type="hidden" name="state" value="a&amp;b">
<textarea name="text"></textarea>
<select name="login"><option value="ana">ana</option><option value="bruno">bruno</option></select>
<button class="main" name="authorize" value="1"><svg></svg><span>Autorizar</span></button>
<button name="authorize" value="0">Cancelar</button></form>"""


def test_a_form_is_sent_as_a_browser_sends_it():
    search, consent = Forms(PAGE).found
    assert (search.action, search.fields) == ("/search", {"q": "x"})
    assert search.pressed("Autorizar") is None
    assert (consent.action, consent.fields) == ("/consent", {"state": "a&b", "text": "", "login": "ana"})
    assert consent.pressed("Autorizar") == Button("Autorizar", "authorize", "1")
