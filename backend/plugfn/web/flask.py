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
    """A blueprint with every route of plugfn.web.core. `auth` gets Flask's request, and may use flask.session."""
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
        # One more than allowed: Flask silently cuts a longer chunked body there.
        flask.request.max_content_length = most + 1
        try:
            body = flask.request.get_data(cache=True)
        except RequestEntityTooLarge:
            return _converted(TOO_LARGE)
        except ClientDisconnected:
            return _converted(BROKEN_OFF)
        if len(body) > most:
            return _converted(TOO_LARGE)
        return _converted(plug.wait_for(web.handle(_request(path, body))))

    return view


def _request(path: str, body: bytes) -> Request:
    native: Any = flask.request
    headers = {name.lower(): value for name, value in native.headers.items()}
    # The last value of a repeated name counts, as in Starlette.
    query = {name: values[-1] for name, values in native.args.lists()}
    return Request(native.method, path, query, headers, body, native)


def _converted(response: Response) -> flask.Response:
    headers = {**response.headers, "content-type": response.content_type}
    return flask.Response(response.body, response.status, headers)
