"""A Slurm of one node, in a folder of its own, for as long as a test needs it.

munged, slurmctld and slurmd are started by hand as the user that runs the test, with keys, ports,
states and logs of their own: no service of the machine is touched, and none of its files. There is
no accounting, which is what the profile has to work without.
"""

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo", "scontrol")
SECONDS_TO_START = 30
_PR_SET_PDEATHSIG = 1
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.txt
MinJobAge=86400
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={megabytes} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class SlurmMissing(Exception):
    """Slurm cannot be had here; the text says why."""


def require_slurm():
    """Raise the reason why no Slurm can be brought up, if there is one.

    Raises:
        SlurmMissing: if a program is missing, or may not be run by this user.
    """
    missing = [name for name in PROGRAMS if _program(name) is None]
    if missing:
        raise SlurmMissing(f"no {', '.join(missing)}: apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        raise SlurmMissing("slurmd starts jobs as their users, which root alone may")


def _program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class OneNodeSlurm:
    """A running Slurm; `environment` is what its users need.

    Attributes:
        folder: its keys, states and logs, and `jobs.txt`, a line for each job that has ended.
        cores: of its node.
    """

    def __init__(self, folder, cores=None):
        """Write the configuration.

        Args:
            folder: an empty one, with a short name: sockets lie in it.
            cores: of the node; those of the machine where none are given.
        """
        self.folder = Path(folder)
        self.cores = cores or len(os.sched_getaffinity(0))
        self.configuration = self.folder / "slurm.conf"
        self._daemons = []

    def __enter__(self):
        require_slurm()
        for name in ("state", "spool", "munge", "bin"):
            (self.folder / name).mkdir(mode=0o700)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        self.configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder, host=socket.gethostname().split(".")[0], user="root",
                ports=_free_ports(2), cores=self.cores, megabytes=memory * 9 // 10,
            )
        )  # fmt: skip
        # Jobs of the plug-in lose the variables of Slurm, and with them the configuration.
        wrapper = self.folder / "bin/srun"
        wrapper.write_text(
            f'#!/bin/sh\nSLURM_CONF="{self.configuration}" exec {_program("srun")} "$@"\n'
        )
        wrapper.chmod(0o755)
        try:
            self._start_munge()
            self._start("slurmctld", "-D", "-i")
            self._start("slurmd", "-D")
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    @property
    def environment(self):
        """Variables of a shell that uses this Slurm."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, "SLURM_CONF": str(self.configuration), "PATH": path}

    def _start_munge(self):
        munge = self.folder / "munge"
        key = munge / "key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        self._start(
            "munged", "--foreground", "--force", f"--socket={munge}/socket",
            f"--key-file={key}", f"--log-file={munge}/log", f"--pid-file={munge}/pid",
            f"--seed-file={munge}/seed",
        )  # fmt: skip
        limit = time.monotonic() + SECONDS_TO_START
        while not (munge / "socket").exists():
            if time.monotonic() > limit:
                raise SlurmMissing(f"munged does not start: {_end_of(self.folder / 'munged.out')}")
            time.sleep(0.1)

    def _start(self, program, *arguments):
        with (self.folder / f"{program}.out").open("wb") as out:
            self._daemons.append(
                subprocess.Popen(
                    [_program(program), *arguments], env=self.environment, stdout=out, stderr=out,
                    stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_parent,
                )
            )  # fmt: skip

    def _wait(self):
        limit = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < limit:
            state = subprocess.run(
                ["sinfo", "--noheader", "--format=%T"], env=self.environment, text=True,
                capture_output=True, check=False,
            )  # fmt: skip
            if state.stdout.strip() == "idle":
                return
            time.sleep(0.2)
        raise SlurmMissing(
            f"its node is not idle: {state.stdout} {state.stderr} "
            + _end_of(self.folder / "slurmctld.log")
        )

    def stop(self):
        """End all jobs and all daemons."""
        if len(self._daemons) > 1:
            subprocess.run(
                ["scancel", "--user=root"], env=self.environment, capture_output=True, check=False
            )
        for daemon in reversed(self._daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()


def _end_with_parent():
    """Have this process terminated when the test is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _free_ports(number):
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _end_of(path):
    return path.read_text(errors="replace")[-500:] if path.exists() else ""
