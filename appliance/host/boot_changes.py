"""What only the boot partition's file may change, and so whoever holds the card; before anybody else is up. Root."""

from appliance.durable import replace_file, sync_folder
from appliance.host import ssh_keys
from appliance.host.changes import Changes


class BootChanges(Changes):
    """The changes that the network may ask for, and the keys that open ssh.

    Needs ``CAP_SYS_ADMIN`` for a name that systemd-hostnamed cannot be asked for.
    """

    def admit(self, keys: tuple[str, ...]) -> dict[str, str]:
        """Let these in by ssh in place of those that were let in; no keys change nothing. Returns as ``apply`` does."""
        if not keys:
            return {}
        if fault := ssh_keys.fault_of_all(keys):
            return {"ssh_keys": fault}
        try:
            self._store(ssh_keys.authorized_keys(keys))
        except OSError as error:
            return {"ssh_keys": f"The ssh keys could not be stored: {error.strerror or error}."}
        try:
            self._calls.open_ssh()
        except OSError:
            return {"ssh_keys": "The ssh keys are stored; ssh opens once the box was turned off and on."}
        return {}

    def _store(self, content: bytes) -> None:
        self._places.ssh.mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._places.ssh.parent)
        file = self._places.ssh / "authorized_keys"
        if not file.exists() or file.read_bytes() != content:
            replace_file(file, content, 0o600)

    def _set_name(self, name: str) -> None:
        """By hand where systemd-hostnamed does not answer: D-Bus may not be there yet. If it answers yet, no harm."""
        try:
            self._calls.ask_hostnamed(name)
        except OSError:
            self._calls.set_host_name(name)
            replace_file(self._places.etc / "hostname", f"{name}\n".encode())
