"""Flask: `app.register_blueprint(plugfn_blueprint(SyncPlugFn(plug)), url_prefix="/integrations")`."""

from collections.abc import Callable
from typing import Any

from plugfn.extras import needs
from plugfn.sync import SyncPlugFn
from plugfn.web.core import METHODS, Web
from plugfn.web.messages import BROKEN_OFF, TOO_LARGE, Request, Response

with needs("flask"):
    import flask
    from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge


def plugfn_blueprint(plug: SyncPlugFn) -> flask.Blueprint:
    """Every route of plugfn.web.core. `auth` is given Flask's request, and may use `flask.session` and `flask.g`."""
    web, blueprint = Web(plug.plug), flask.Blueprint("plugfn", __name__)
    for number, pattern in enumerate(web.paths):
        path = pattern.replace("{rest}", "{path:rest}").replace("{", "<").replace("}", ">")
        view = _view(plug, web, pattern)
        blueprint.add_url_rule(path, f"route_{number}", view, methods=METHODS, provide_automatic_options=False)
    return blueprint


def _view(plug: SyncPlugFn, web: Web, pattern: str) -> Callable[..., flask.Response]:
    def view(**parts: str) -> flask.Response:
        path = pattern.format(**parts)
        most = web.most_bytes(path)
        # One more: a chunked body that is longer is cut there without a word.
        flask.request.max_content_length = most + 1
        try:
            body = flask.request.get_data(cache=True)
        except RequestEntityTooLarge:
            return _carried(TOO_LARGE)
        except ClientDisconnected:
            return _carried(BROKEN_OFF)
        if len(body) > most:
            return _carried(TOO_LARGE)
        return _carried(plug.wait_for(web.handle(_request(path, body))))

    return view


def _request(path: str, body: bytes) -> Request:
    seen: Any = flask.request
    headers = {name.lower(): value for name, value in seen.headers.items()}
    # Of a name that comes twice the last one counts, as everywhere in Starlette.
    query = {name: values[-1] for name, values in seen.args.lists()}
    return Request(seen.method, path, query, headers, body, seen)


def _carried(response: Response) -> flask.Response:
    headers = {**response.headers, "content-type": response.content_type}
    return flask.Response(response.body, response.status, headers)
