# A program that the kernel kills for lack of memory, in a group with a limit that the test makes.
suite oom

# The path of a new group of version 1 or 2 with 64 megabytes, or empty.
proc limited_group {} {
	foreach {root file} {/sys/fs/cgroup/memory memory.limit_in_bytes /sys/fs/cgroup memory.max} {
		set group $root/superd-test-$::self
		if {![catch {file mkdir $group}] && [file writable $group/$file]} {
			if {![lindex [run /bin/sh -c "echo 67108864 >$group/$file; echo 0 >$group/memory.swap.max 2>/dev/null; exit 0"] 0]} {
				return $group
			}
		}
		catch {file delete $group}
	}
	return ""
}

test the_end_says_so_in_log_why_and_result {
	needs {[root]} "needs root"
	set group [limited_group]
	needs [expr {$group ne ""}] "the memory of a control group cannot be limited here"
	superd -control {service web { listen = "127.0.0.1:0" exec = "$backend eat" exec_stop_post = { "/bin/sh -c 'echo result $SERVICE_RESULT'" } }}
	node %/control
	foreach pid [list [superd_pid] [superd_pid itself]] { run /bin/sh -c "echo $pid >$group/cgroup.procs" }
	set client [connect web]
	log "the kernel "; log "killed pid "; log "for lack of memory"
	log "result oom-kill"
	has [control "list web"] {"result":"oom-kill"}
	has [why web] "signal KILL (oom-kill)"
	close $client
	stop
	wait {![catch {file delete $group}]}
}

test a_kill_by_another_hand_is_none {
	superd -control {service web { listen = "127.0.0.1:0" exec = "$backend serve" }}
	node %/control
	kill [pid web] KILL
	log "ended: signal KILL"
	wait {[regexp {"result":"signal"} [control "list web"]]}
}
