"""The SROS 2 policy and the loopback profile fit what the node and Fast DDS really do."""

import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import pytest

from amdanet_ros.dds_profile import profile_variable

NAME = "/amdanet"


@pytest.fixture(scope="module")
def allowed(project):
    """Return the full names that the policy allows, by kind."""
    root = ElementTree.parse(project / "config" / "security" / "amdanet_policies.xml").getroot()
    profile = root.find("./enclaves/enclave/profiles/profile")
    assert (profile.get("ns") + profile.get("node"), root.get("version")) == (NAME, "0.2.0")
    names = {}
    for group in profile:
        (kind,) = [key for key, value in group.attrib.items() if value == "ALLOW"]
        names[kind] = {full_name(each.text) for each in group}
    return names


def full_name(name):
    if name.startswith("~"):
        return NAME + name[1:]
    return name if name.startswith("/") else f"/{name}"


def test_policy_allows_what_the_active_node_uses_and_no_more(make_node, bench, allowed):
    used = {"publish": set(), "subscribe": set(), "reply": set()}
    for transport in ("raw", "compressed"):
        transports = {f"{stream}.transport": transport for stream in ("rgb", "thermal")}
        node = bench.run(make_node({**transports, "use_sim_time": True}))
        at = ("amdanet", "/")
        used["publish"] |= {name for name, _ in node.get_publisher_names_and_types_by_node(*at)}
        used["subscribe"] |= {name for name, _ in node.get_subscriber_names_and_types_by_node(*at)}
        used["reply"] |= {name for name, _ in node.get_service_names_and_types_by_node(*at)}
    for kind, names in used.items():
        assert names <= allowed[kind], kind
        # Their types may not be installed.
        of_vision_msgs = {"/segmentation/label_info", "/segmentation/detections"}
        assert allowed[kind] - names <= of_vision_msgs, kind


SOCKETS = """
import os, sys, rclpy
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node("loopback")
node.create_publisher(String, "said", 1)
links = []
for number in os.listdir("/proc/self/fd"):
    try:
        links.append(os.readlink(f"/proc/self/fd/{number}"))
    except FileNotFoundError:  # the folder's own
        pass
print(*[link[8:-1] for link in links if link.startswith("socket:[")], flush=True)
sys.stdin.read()
rclpy.shutdown()
"""


def udp_sockets(inodes):
    """Return (address, port, bytes that wait to be read) of each UDP socket."""
    with open("/proc/net/udp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    found = []
    for row in rows:
        if row[9] in inodes:
            address, port = row[1].split(":")
            waiting = int(row[4].split(":")[1], 16)
            found.append((socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16), waiting))
    return found


def test_with_the_loopback_profile_nothing_is_read_from_another_address(project, child_environment):
    profile = str(project / "config" / "fastdds_loopback.xml")
    environment = {**child_environment, profile_variable(): profile}
    child = subprocess.Popen(
        [sys.executable, "-c", SOCKETS],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        inodes = set(child.stdout.readline().split())
        bound = udp_sockets(inodes)
        assert any(address == "127.0.0.1" for address, _, _ in bound)
        elsewhere = [each for each in bound if each[0] != "127.0.0.1"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for address, port, _ in elsewhere:
                sender.sendto(b"x", ("127.0.0.1" if address == "0.0.0.0" else address, port))
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            waiting = {each[:2]: each[2] for each in udp_sockets(inodes)}
            # They only send: what comes in stays in the kernel.
            assert all(waiting[each[:2]] > 0 for each in elsewhere)
        child.stdin.close()
    assert child.returncode == 0
