# shellcheck shell=bash
# What the tests of this folder share; each opens with `. "$(dirname "$0")/lab.sh"`.
#
# A test attacks a superd that runs as root, so it runs in mount, pid, network, ipc and uts namespaces of its own: the
# script starts itself anew in them. There /run is empty, the loopback is up, any port is free, /dev/fuse is open to
# everybody (as udev has it), and what hangs ends with the namespace. superd and the programs of this folder are copied to
# $place, where every user may run them. A test is a list of claims; it prints each, and fails when one does not hold.
set -u

PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH # programs that other users, too, may run come first
place=/run/lab
superd=$place/sbin/superd
superctl=$place/bin/superctl
log=$place/log
failed=0

skip() {
	echo "skipped: $*"
	exit 77
}

# need PROGRAM…: skips without one of them
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "there is no $program"
	done
}

need_fuse() {
	[ -c /dev/fuse ] || skip 'there is no /dev/fuse'
	setpriv --reuid 65534 --regid 65534 --clear-groups unshare -U true 2>/dev/null ||
		skip 'no user namespaces for ordinary users, who need them to mount FUSE'
}

# copy_programs: superd and its own programs as they lie beside each other when installed; those of this folder to bin
copy_programs() {
	local program libexec=${SUPERD_LIBEXEC-}
	mkdir -p $place/sbin $place/bin $place/libexec/superd
	cp "${SUPERD_BIN:-$BUILDDIR/superd}" $superd
	cp "${SUPERCTL_BIN:-$BUILDDIR/superctl}" $superctl 2>/dev/null
	for program in superd-advise superd-builtin superd-rpc; do
		[ -e "${libexec:-$BUILDDIR}/$program" ] || continue
		cp -p "${libexec:-$BUILDDIR}/$program" $place/libexec/superd
	done
	find "$BUILDDIR/tests/security" "$SRCDIR/tests/security" -maxdepth 1 -type f -perm -u+x \
		-exec cp -f {} $place/bin \; 2>/dev/null
	chmod -R go+rX $place/sbin $place/bin
}

enter() {
	SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
	BUILDDIR=${BUILDDIR:-$PWD}
	export SRCDIR BUILDDIR
	[ "$(id -u)" = 0 ] || skip 'needs root, to make namespaces and start superd as root'
	need unshare setpriv nc ip
	unshare -m -n -p -i -u -f --mount-proc true 2>/dev/null || skip 'no namespaces to be had here'
	LAB=inside exec unshare -m -n -p -i -u -f --mount-proc --kill-child "$0" "$@"
}

prepare() {
	mount -t tmpfs -o mode=755 lab /run
	ip link set lo up
	mkdir -p $place
	if [ -c /dev/fuse ]; then
		mknod -m 666 $place/fuse c 10 229 && mount --bind $place/fuse /dev/fuse
	fi
	copy_programs
	: >$log
}

# table <<END: writes superd.conf; %BIN% in it is where the programs of this folder are
table() {
	sed "s|%BIN%|$place/bin|g" >$place/superd.conf
}

# start [COMMAND…]: starts superd with the table, below COMMAND (setpriv …) where one is given, and waits until it listens
start() {
	"$@" $superd -f $place/superd.conf ${options-} </dev/null 2>>$log &
	pid=$!
	eventually 10 grep -q 'listening on' $log || { cat $log; echo 'superd does not start'; exit 1; }
}

# stop_superd: ends superd; false when it outlives SIGTERM by 15 seconds
stop_superd() {
	kill -TERM "$pid" 2>/dev/null
	eventually 15 is_gone "$pid"
}

is_gone() {
	local state
	state=$(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null)
	[ -z "$state" ] || [ "$state" = Z ]
}

# eventually SECONDS COMMAND…: true as soon as COMMAND is
eventually() {
	local end=$((SECONDS + $1 * ${SUPERD_PATIENCE:-1}))
	shift
	while ! "$@"; do
		[ $SECONDS -le "$end" ] || return 1
		sleep 0.05
	done
}

# ask PORT [nc's options]: what the service there answers to a client that sends nothing
ask() {
	local port=$1
	shift
	timeout 8 nc -w 5 "$@" 127.0.0.1 "$port" </dev/null
}

# answers PORT TEXT: whether the answer is TEXT, within a few seconds
answers() {
	[ "$(ask "$1")" = "$2" ]
}

# at_once COMMAND…: whether it is true within a second, which the machine did not spend standing still
at_once() {
	local before=${EPOCHREALTIME/./} result took meter stood
	"$BUILDDIR/tests/stall_meter" sum >$place/stood &
	meter=$!
	"$@"
	result=$?
	took=$((${EPOCHREALTIME/./} - before))
	kill "$meter"
	wait "$meter" 2>/dev/null
	stood=$(cat $place/stood)
	[ $result = 0 ] && [ $((took - 1000 * ${stood:-0})) -lt 1000000 ]
}

# shows SERVICE: whether superctl lists it
shows() {
	timeout 5 $superctl list "$1" | grep -q "$1"
}

# mount_hanging USER FOLDER [open]: his file system over a folder of his, which does not answer, to others neither (open);
# $place/mounted has what it was asked
mount_hanging() {
	: >$place/mounted
	if [ $# -lt 3 ] && command -v fusermount3 >/dev/null; then
		as "$1" $place/bin/hanging_mount "$2" >$place/mounted &
	else
		$place/bin/hanging_mount "$2" "$(id -u "$1")" "${@:3}" >$place/mounted &
	fi
	eventually 10 grep -q mounted $place/mounted || skip 'no file system can be mounted here'
}

# unmount_hanging FOLDER: its server is killed, and whoever waits for it goes on
unmount_hanging() {
	pkill -KILL -x hanging_mount
	umount -l "$1"
}

# logged TEXT: whether the log holds a line with it
logged() {
	grep -qF -e "$1" $log
}

# as USER COMMAND…: as that user, with his group alone
as() {
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
}

# claim TEXT COMMAND…
claim() {
	local text=$1
	shift
	if "$@"; then
		echo "ok: $text"
	else
		echo "FAILED: $text"
		failed=$((failed + 1))
	fi
}

not() {
	! "$@"
}

# still_serves: what every attack on the loop is held against. Service `other` has to answer on port 7001.
still_serves() {
	claim 'another service answers' answers 7001 alive
	claim 'superctl answers' timeout 10 $superctl list
	claim 'superd ends when it is told to' stop_superd
}

finish() {
	if [ "$failed" -gt 0 ]; then
		echo "-- superd's log"
		tail -n 60 $log
		[ -z "${pid-}" ] || is_gone "$pid" || { echo '-- where superd is'; cat "/proc/$pid/stack" 2>/dev/null; }
	fi
	exit $((failed > 0))
}

if [ "${LAB-}" = inside ]; then prepare; else enter "$@"; fi
