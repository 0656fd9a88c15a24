"""Cutting the network off for tests works, in this process and in those that it starts, and leaves loopback alone."""

import socket
import subprocess
import sys
import threading

import pytest
from jupyter_client.manager import start_new_kernel

ELSEWHERE = "192.0.2.1"  # an address for documentation, RFC 5737
ASK = f"import socket; socket.create_connection(('{ELSEWHERE}', 80), timeout=5)"


@pytest.mark.parametrize("host", [ELSEWHERE, "example.org", "2001:db8::1"])
def test_other_computers_are_refused(offline: None, host: str) -> None:
    with pytest.raises(OSError, match=f"cut off in this test; {host}"):
        socket.create_connection((host, 80), timeout=5)


def test_datagrams_are_refused(offline: None) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, pytest.raises(OSError, match="cut off"):
        out.sendto(b"question", (ELSEWHERE, 53))


def test_this_computer_is_reached(offline: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].sendall(b"here"))
        thread.start()
        with socket.create_connection(("localhost", server.getsockname()[1]), timeout=5) as client:
            assert client.recv(4) == b"here"
        thread.join()


def test_a_child_process_is_cut_off(offline: None) -> None:
    child = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    assert "the network is cut off in this test" in child.stderr


def test_a_kernel_is_cut_off(offline: None) -> None:
    manager, client = start_new_kernel()
    try:
        reply = client.execute_interactive(ASK, timeout=60, output_hook=lambda message: None)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "error"
    assert "the network is cut off in this test" in reply["content"]["evalue"]
