# The nodes of unix sockets and fifos: somebody removes, renames or replaces them. Nothing watches them: a reload and the next
# start make them again, but not in the place of another program's.
suite socket_path_watch

set lost "is no longer its socket"

proc on {endpoint program {options ""}} {
	set superd [superd -clock {service web { listen = "$endpoint" exec = "$tests/$program" $options }}]
	log " listen"                    ;# it has it, or cannot: a fifo is there before superd has opened it
	return $superd
}

proc serves {{path %/a.sock}} {
	until 1s {[reachable $path]}
	is [said [ask $path again]] again
	wait {[processes] == 0}
}

test a_fifo_that_is_removed_is_made_again_and_activates {
	on fifo:%/fifo "report %/report"
	remove %/fifo
	signal HUP
	log $lost
	until 1s {![catch {open [path fifo] {WRONLY NONBLOCK}} fifo]}
	puts -nonewline $fifo x; flush $fifo
	fields [reported %/report] fd.3.kind fifo
	chan close $fifo
}

test one_that_is_removed_under_a_backend_is_there_for_the_next_start {
	on %/a.sock "backend take 1"
	set client [connect %/a.sock]
	wait {[processes] == 1}
	remove %/a.sock
	greet $client
	close $client
	serves
}

test one_that_is_removed_while_a_start_takes_its_time_leaves_that_start_its_socket {
	on %/a.sock "backend take 1" [filled {exec_start_pre = "/bin/sh -c 'until test -e %/wanted; do sleep 0.05; done'"
		timeout_start = 12h}]
	set client [connect %/a.sock]; send $client hello
	wait {[processes] > 0}
	remove %/a.sock
	repeat 3 { advance_beside 20min }
	expect {![logged $lost]}
	write wanted ""
	is [said [line $client]] hello
	close $client
	log $lost
	serves
}

test one_at_which_somebody_waits_is_made_again_once_he_is_served {
	superd -control -clock {service web { listen = "%/a.sock" exec = "$backend take 1" }}
	node %/a.sock
	done "hold web"
	set client [connect %/a.sock]
	remove %/a.sock
	signal HUP
	log reloaded
	expect {![logged $lost]}
	done "release web"
	greet $client
	close $client
	log $lost
	serves
}

# superd does not watch it: the folder's file system might not answer.
test one_in_a_folder_of_another_user_is_back_after_a_reload_or_a_restart {
	needs {[root]} "needs root"
	set folder [path theirs]; set socket [path theirs/a.sock]
	file mkdir $folder
	file attributes $folder -owner 65534 -group 65534
	superd -control -clock {service web { listen = "$socket" exec = "$backend stdio" accept = yes }}
	node $socket
	remove $socket
	signal HUP
	log "$lost: opening it again"
	serves $socket
	remove $socket
	done "restart web"
	log "$lost: opening it again"
	serves $socket
	signal HUP
	log reloaded
	counts $lost 2
	stop
	file delete $socket $folder
	expect {![exists $folder]}
}

test another_programs_living_socket_is_left_until_it_has_gone {
	on %/a.sock "backend take 1"
	set other [listener %/theirs.sock]
	file rename -force [path theirs.sock] [path a.sock]
	signal HUP
	log $lost
	log "a living server listens on"
	set client [connect %/a.sock]
	close [accept $other]
	close $client $other
	log "listening on"
	serves
}

test one_of_a_living_superd_is_left_to_it_and_starts_no_backend {
	set first [on %/a.sock "backend stdio" "accept = yes"]
	set second [on %/a.sock "backend stdio" "accept = yes"]
	log "a living server listens on"
	repeat 3 { advance 1min }
	stop
	use $first
	serves
	counts "started, pid" 2         ;# for the two clients of serves
}
