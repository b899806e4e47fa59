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
	for program in superd-lookup superd-bind superd-builtin superd-exec superd-filter superd-output superd-read superd-rpc superd-web; do
		[ -e "${libexec:-$BUILDDIR}/$program" ] || continue
		install -m 711 "${libexec:-$BUILDDIR}/$program" $place/libexec/superd # a program that nobody may read is not dumpable
	done
	find "$BUILDDIR/tests/security" "$SRCDIR/tests/security" -maxdepth 1 -type f -perm -u+x \
		-exec cp -f {} $place/bin \; 2>/dev/null
	cp -f "$BUILDDIR/tests/bench/floor" $place/bin 2>/dev/null
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
	eventually 10 has_opened
}

# serving: the pid of superd itself; $pid is its guard's, which is the one that everybody knows. Not by pgrep, which reads the
# command line of every process, and so would wait for one that keeps its memory locked.
serving() {
	local child
	for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do
		[ "$(cat "/proc/$child/comm" 2>/dev/null)" != superd ] || { echo "$child"; return; }
	done
}

# has_opened: no socket waits for its turn
has_opened() {
	not grep -q ' opening ' < <(timeout 5 $superctl list 2>/dev/null)
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
	local end=$((SECONDS + $1))
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

# at_once COMMAND…: whether it is true within a second
at_once() {
	local before=${EPOCHREALTIME/./}
	"$@" && [ $((${EPOCHREALTIME/./} - before)) -lt 1000000 ]
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

# Who attacks does so as games, whose processes the following stop and let go on. What is under test is what superd does for
# him: a processor that he takes for himself he takes from everybody. So superd, the others and the measurement come first
# (sched(7), SCHED_RR), and he and what is started for him come behind.
# shellcheck disable=SC2034 # for the tables of the tests
attacked='cpu_scheduling_policy = other' # a service whose clients he is
attacker="user = \"games\" $attacked"
last_processor=$(awk '/^Cpus_allowed_list/ { n = split($2, ranges, /[-,]/); print ranges[n] }' /proc/self/status)

# in_front COMMAND…: runs it before all others
in_front() {
	chrt --rr 1 "$@"
}
need_front() {
	need chrt
	chrt --rr 1 true 2>/dev/null || skip 'no real-time scheduling to be had here'
}

# attack COMMAND...: begins a client's attack
attack() {
	command -v "$1" >/dev/null || { echo "there is no $1"; exit 1; }
	setpriv --reuid games --regid games --clear-groups "$@" >/dev/null 2>&1 &
	disown
}
attack_goes() {
	pkill -CONT -u games
	return 0
}
# Not those who still are superd's copies: whoever stops these as root can stop superd.
attack_pauses() {
	pkill -STOP -u games '^([^s]|s[^u])'
	return 0
}
attack_ends() {
	pkill -KILL -u games
	return 0
}

# ticks: how much processor superd has had
ticks() {
	awk '{ print $14 + $15 }' "/proc/$(serving)/stat"
}
# is_through: whether superd has worked off what there was, and rests
is_through() {
	local before
	before=$(ticks)
	sleep 0.1
	[ $(($(ticks) - before)) -le 1 ]
}

# begin_floor: a server on port 7000 that does the least for its clients that superd can do for those of `other`: it is not
# superd, and as much in front. What slows it down, too, is not superd's doing.
begin_floor() {
	[ -z "${floor-}" ] || return 0
	in_front setpriv --reuid 65534 --regid 65534 --clear-groups $place/bin/floor each 7000 /bin/echo alive </dev/null &
	floor=$!
	disown
	eventually 10 answers 7000 alive || { echo 'the floor does not start'; exit 1; }
}

# keeps_latency [GO PAUSE]: whether others' latency (the service on port 7001) stays within its bound while the attack runs, which
# has begun already. It is measured with and without the attack in LATENCY_TURNS turns, and that of the floor with it, as what
# others do on the machine changes, too. What is beyond the bound is measured on, twice at most (LATENCY_ROUNDS), and judged by all that
# was measured: few turns tell more of the machine than of superd, and what the attack adds stays however many they are.
# With tail=no the 95th percentile is shown and has no bound.
beyond=0
keeps_latency() {
	local go=${1-attack_goes} pause=${2-attack_pauses} turn round
	[ "${LATENCY_TURNS:=5}" -gt 0 ] || { echo '  the latency is measured by make check-latency'; return 0; }
	begin_floor
	rm -f $place/quiet $place/attacked
	for ((round = 1; round <= ${LATENCY_ROUNDS:-3}; round++)); do
		for ((turn = 1; turn <= LATENCY_TURNS; turn++)); do
			$pause
			eventually 10 is_through || echo "  superd does not come to rest in turn $turn"
			in_front $place/bin/latency measure $place/quiet 7001 7000
			$go
			in_front $place/bin/latency measure $place/attacked 7001 7000
		done
		! $place/bin/latency compare $place/quiet $place/attacked ${tail:+median} || return 0
	done
	beyond=$((beyond + 1))
	return 1
}

# The status is 3 where latencies were beyond their bound and all else was as it should be (check-latency).
finish() {
	if [ "$failed" -gt 0 ]; then
		echo "-- superd's log"
		tail -n 60 $log
		[ -z "${pid-}" ] || is_gone "$pid" || { echo '-- where superd is'; cat "/proc/$(serving)/stack" 2>/dev/null; }
	fi
	[ "$failed" -eq 0 ] || [ "$failed" -ne "$beyond" ] || exit 3
	exit $((failed > 0))
}

if [ "${LAB-}" = inside ]; then prepare; else enter "$@"; fi
