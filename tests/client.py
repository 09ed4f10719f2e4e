"""Speaks to a running Odoo over HTTP, as browsers and other programs do."""

import itertools

import requests


class RpcError(Exception):
    """What the server answered instead of a result.

    ``name`` is the dotted name of the server's exception.
    """

    def __init__(self, error):
        data = error.get("data", {})
        self.name = data.get("name", "")
        super().__init__(f"{self.name}: {data.get('message') or error.get('message')}")


class Client:
    """One user's session with the server at `url`."""

    def __init__(self, url, database):
        self.url = url
        self.database = database
        self.http = requests.Session()
        self.uid = None
        self._numbers = itertools.count(1)

    def get(self, path, **options):
        """Return the answer to a GET request."""
        return self.http.get(self.url + path, timeout=120, **options)

    def post(self, path, **options):
        """Return the answer to a POST request."""
        return self.http.post(self.url + path, timeout=120, **options)

    def rpc(self, path, **params):
        """Return the result of a JSON-RPC route.

        :raise RpcError: with the server's exception
        """
        body = {"jsonrpc": "2.0", "id": next(self._numbers), "params": params}
        answer = self.post(path, json=body)
        answer.raise_for_status()
        content = answer.json()
        if "error" in content:
            raise RpcError(content["error"])
        return content.get("result")

    def login(self, login, password=None):
        """Log in and return this client; the password is the login if not given."""
        result = self.rpc(
            "/web/session/authenticate",
            db=self.database,
            login=login,
            password=password or login,
        )
        self.uid = result["uid"]
        return self

    def call(self, model, method, *args, **kwargs):
        """Return what the web client would get from calling a public method."""
        return self.rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=list(args),
            kwargs=kwargs,
        )

    def json2(self, key, model, method, **params):
        """Return the HTTP answer of the external API, authenticated by an API key."""
        headers = {
            "Authorization": f"bearer {key}",
            "X-Odoo-Database": self.database,
        }
        return self.post(f"/json/2/{model}/{method}", json=params, headers=headers)
