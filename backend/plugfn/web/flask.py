"""Flask: `app.register_blueprint(plugfn_blueprint(SyncPlugFn(plug)), url_prefix="/integrations")`."""

from collections.abc import Callable
from typing import Any

from plugfn.extras import needs
from plugfn.sync import SyncPlugFn
from plugfn.web.core import Web
from plugfn.web.messages import Request, Response, refusal

with needs("flask"):
    import flask
    from werkzeug.exceptions import RequestEntityTooLarge


def plugfn_blueprint(plug: SyncPlugFn) -> flask.Blueprint:
    """Every route of plugfn.web.core. `auth` is given Flask's request, and may use `flask.session` and `flask.g`."""
    web, blueprint = Web(plug.plug), flask.Blueprint("plugfn", __name__)
    for number, route in enumerate(web.routes):
        path = route.path.replace("{rest}", "{path:rest}").replace("{", "<").replace("}", ">")
        view = _view(plug, web, route.path)
        blueprint.add_url_rule(path, f"route_{number}", view, methods=[route.method], provide_automatic_options=False)
    return blueprint


def _view(plug: SyncPlugFn, web: Web, pattern: str) -> Callable[..., flask.Response]:
    def view(**parts: str) -> flask.Response:
        path = pattern.format(**parts)
        flask.request.max_content_length = web.most_bytes(path)
        try:
            body = flask.request.get_data(cache=True)
        except RequestEntityTooLarge:
            return _carried(refusal(413, "too_large", "The request is too big."))
        return _carried(plug.wait_for(web.handle(_request(path, body))))

    return view


def _request(path: str, body: bytes) -> Request:
    seen: Any = flask.request
    headers = {name.lower(): value for name, value in seen.headers.items()}
    return Request(seen.method, path, seen.args.to_dict(), headers, body, seen)


def _carried(response: Response) -> flask.Response:
    headers = {**response.headers, "content-type": response.content_type}
    return flask.Response(response.body, response.status, headers)
