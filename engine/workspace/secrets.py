"""Passcodes and tokens: in the system's keyring, or in memory while the program runs. Never in a file of ours."""

from __future__ import annotations

from typing import Protocol

SERVICE = "dimse-console"


class Keyring(Protocol):
    """What we use of the `keyring` module; tests give their own."""

    def get_password(self, service_name: str, username: str, /) -> str | None: ...

    def set_password(self, service_name: str, username: str, password: str, /) -> None: ...

    def delete_password(self, service_name: str, username: str, /) -> None: ...


class Secrets:
    """Named secrets. The keyring is looked for on first use, since asking for it may take a while."""

    def __init__(self, keyring: Keyring | None = None) -> None:
        self._memory: dict[str, str] = {}
        self._keyring = keyring
        self._looked = keyring is not None
        self._sentence = ""

    @property
    def sentence(self) -> str:
        """Where secrets are kept when that is not the system keyring; "" when it is."""
        self._find()
        return self._sentence

    def get(self, name: str) -> str:
        """The secret, or "" when there is none."""
        if name in self._memory:
            return self._memory[name]
        keyring = self._find()
        if keyring is not None:
            try:
                return keyring.get_password(SERVICE, name) or ""
            except Exception as error:  # noqa: BLE001 - keyring back ends raise whatever their system does
                self._fall_back(error)
        return ""

    def set(self, name: str, secret: str) -> None:
        """Keep a secret; "" forgets it."""
        self._memory.pop(name, None)
        keyring = self._find()
        if keyring is not None:
            try:
                if secret:
                    keyring.set_password(SERVICE, name, secret)
                elif keyring.get_password(SERVICE, name) is not None:
                    keyring.delete_password(SERVICE, name)
                return
            except Exception as error:  # noqa: BLE001 - as above
                self._fall_back(error)
        if secret:
            self._memory[name] = secret

    def _find(self) -> Keyring | None:
        if not self._looked:
            self._looked = True
            self._keyring = _system_keyring()
            if self._keyring is None:
                self._sentence = _memory_sentence("no system keyring is available")
        return self._keyring

    def _fall_back(self, error: Exception) -> None:
        self._keyring = None
        self._sentence = _memory_sentence(f"the system keyring refused ({type(error).__name__})")


def _memory_sentence(why: str) -> str:
    return f"Passcodes and tokens are kept only until the program ends: {why}."


def _system_keyring() -> Keyring | None:
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring

        backend = keyring.get_keyring()
        return None if isinstance(backend, NoKeyring) or backend.priority <= 0 else backend
    except Exception:  # noqa: BLE001 - an unusable keyring must not keep the program from starting
        return None
