#!/bin/bash
# Make this machine a SLURM of one node, of Debian's or Ubuntu's packages: tests/cluster/slurm.sh up|down, as root.
#
# Without systemd and without cgroups, so that it works in a container too; nothing of it is for more than a test.
set -euo pipefail

STATE=/var/lib/lossbench-slurm
CONF=/etc/slurm/slurm.conf
HOST=$(hostname -s)

configure() {
  if [ -e $CONF ] && ! grep -q "^ClusterName=lossbench$" $CONF; then
    echo "$CONF is of another SLURM" >&2
    exit 1
  fi
  mkdir -p "$STATE/ctl" "$STATE/d" /etc/slurm
  cat >$CONF <<CONF
ClusterName=lossbench
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$STATE/ctl
SlurmdSpoolDir=$STATE/d
SlurmctldPidFile=$STATE/ctl.pid
SlurmdPidFile=$STATE/d.pid
SlurmctldLogFile=$STATE/ctl.log
SlurmdLogFile=$STATE/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(free -m | awk '/^Mem:/ {print $2}') State=UNKNOWN
PartitionName=all Nodes=$HOST Default=YES MaxTime=60 State=UP
CONF
}

authenticate() { # what systemd does where it runs
  install -d -o munge -g munge /run/munge
  runuser -u munge -- munged --pid-file=/run/munge/lossbench.pid
}

up() {
  command -v slurmd >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends slurm-wlm
  configure
  munge -n >/dev/null 2>&1 || authenticate
  slurmctld -c
  slurmd -c
  for _ in $(seq 60); do
    [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && exec sinfo --version
    sleep 1
  done
  tail "$STATE"/*.log >&2
  exit 1
}

ended() { # it may write to the end
  kill "$1"
  for _ in $(seq 30); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 1
  done
  kill -KILL "$1"
}

down() {
  for file in "$STATE/d.pid" "$STATE/ctl.pid" /run/munge/lossbench.pid; do
    [ ! -f "$file" ] || ended "$(cat "$file")"
  done
  rm -rf "$STATE" $CONF
}

"$1"
