# Words that are made of others (scenario.c).

proc repeat {times script} {
	for {set n 0} {$n < $times} {incr n} { uplevel 1 $script }
}

# A request that must be done: the whole answer.
proc done {request} {
	set answer [control $request]
	has $answer "{\"done\":true}\n"
	return $answer
}

# What superctl prints, whatever its status; and of an order, with its errors, once superd's socket is there.
proc prints {args} { lindex [superctl {*}$args] 1 }
proc why {service} { prints why $service }
proc order {words} { node %/control; join [lrange [superctl {*}$words] 1 2] "" }

# The state of a service, as superctl list has it.
proc state {{service web}} { value [control "list $service"] state }

# The procedures of a file beside this one, for several folders.
proc uses {name} { uplevel #0 [list source $::env(SRCDIR)/tests/behaviour/$name.tcl] }

proc root {} { expr {$::user == 0} }
proc needs_users {} { needs {[has_users]} "needs root, and a build that every user can reach" }

# All that a client is sent who says nothing.
proc told {address args} {
	set client [connect $address {*}$args]; set text [rest $client]
	close $client
	return $text
}

# A client at an ADDRESS who has said a line and got its answer; and the answer to a line.
proc served {address args} {
	set client [connect $address {*}$args]
	send $client hello; has [line $client] " hello"
	return $client
}
proc ask {address question} {
	set client [connect $address]
	send $client $question; set answer [line $client]
	close $client
	return $answer
}

# What a backend answers, without its pid; and that it answers so.
proc said {line} { regsub {^\d+ } $line "" }
proc greet {client {word hello}} { send $client $word; is [said [line $client]] $word }
proc answers {address {word hello}} { is [said [ask $address $word]] $word }

# A client whose lines come back, as /bin/cat has them.
proc echoes {client {line hello}} { send $client $line; is [line $client] $line }

proc datagram_answers {client {word hello}} { is [said [datagram $client $word]] $word }

# A client who is closed without an answer; and one who is served and goes.
proc refused {address args} { set client [connect $address {*}$args]; end_of $client; close $client }
proc visits {address args} { close [served $address {*}$args] }

# Of clients who each have asked for the same, all get their answer, in whatever order, and go.
proc all_answered {clients word} {
	wait {![llength [set clients [lmap client $clients {
		if {[heard $client]} { is [said [line $client]] $word; close $client; continue }
		set client
	}]]]}
}

# Clients who come meanwhile are there for superd at once.
proc while_stopped {script} { signal STOP; uplevel 1 $script; signal CONT }

# Of what the backend "report" wrote the value of a key; and that keys have these values, "none" for a key that is not there.
proc field {report key} {
	has $report "\nend=1\n"
	foreach line [split $report \n] {
		if {[string first "$key=" $line] == 0} { return [string range $line [string length "$key="] end] }
	}
	return none
}
proc fields {report args} {
	foreach {key value} $args { is "$key is [field $report $key]" "$key is $value" }
}

# The same once it is there, in a file.
proc reported {path} {
	wait {[exists $path]}
	read $path
}

# A copy of tests/security/as_script, as of superd's build, which need not be that of the tests.
proc copy_as_script {to} {
	regexp {"(.*)"} [read $::env(BUILDDIR)/build-id.h] -> own
	set from [open $::env(BUILDDIR)/tests/security/as_script rb]
	set copy [open $to wb 0755]
	puts -nonewline $copy [string map [list --build=$own [build_word]] [chan read $from]]
	chan close $from; chan close $copy
}

# A field of /proc/PID/stat, by its number in proc_pid_stat(5), behind the name.
proc stat_field {pid number} { lindex [regsub {.*\) } [read /proc/$pid/stat] ""] [expr {$number - 3}] }
proc session_of {pid} { stat_field $pid 6 }

# The one process that superd has started, which there is.
proc only_pid {} {
	expect {[llength [set all [pids]]] == 1}
	return [lindex $all 0]
}

# The mode of a file, as "600".
proc mode {path} { file stat [filled $path] status; format %o [expr {$status(mode) & 0o7777}] }

proc has_ipv6 {} { string match *00000000000000000000000000000001* [read /proc/net/if_inet6] }

# Waits until what a script gives has this part.
proc sees {script part} { wait {[string first [filled $part] [uplevel 1 $script]] >= 0} }

# How often a part is in a text; and that it is so often there.
proc times {text part} { regexp -all ***=$part $text }
proc is_there {times text part} { expect {[times $text $part] == $times} "'$part' in: $text" }

# The text of a line that is written on several, without their indents.
proc line_of {text} { return "[regsub -all {\n\t*} $text {}]\n" }

# superd's own pid below its guard, 0 where it has none now; and once there is one.
proc below {} { set pid [superd_pid itself]; expr {$pid == [superd_pid] ? 0 : $pid} }
proc below_guard {} { wait {[set pid [below]] > 0}; return $pid }

# The processes below one, which may end meanwhile; and of some those with this name that are no zombies.
proc children {pid} {
	if {[catch {glob -nocomplain /proc/$pid/task/*/children} files]} return
	concat {*}[lmap file $files { read $file }]
}
proc descendants {pid} { concat {*}[lmap child [children $pid] { concat $child [descendants $child] }] }
proc with_name {name pids} { lmap pid $pids { if {[string trim [read /proc/$pid/comm]] ne $name || ![lives $pid]} continue; set pid } }

# A zone for TZ that makes the test's hour: with it, now is always some minutes past noon.
proc noon {} {
	set ahead [expr {[clock seconds] % 86400 - 12 * 3600 - 300}]
	set much [expr {abs($ahead)}]
	format "TST%s%02d:%02d:%02d" [expr {$ahead < 0 ? "-" : ""}] [expr {$much / 3600}] [expr {$much / 60 % 60}] [expr {$much % 60}]
}
