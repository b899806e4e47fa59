# Which process or thread of a program binds, and how it waits for its clients: epoll sets, workers, daemons.
suite processes
uses binding

proc serves_by {args} {
	foreach steps $args {
		web $steps
		repeat 3 { pid web }
		counts "web: started" 1
		stop
	}
}

# ---- epoll ----

test one_after_it_is_as_good {
	serves_by {tcp4 nonblock bind=127.0.0.1:$port watch=level listen=5 serve=level} \
		{tcp4 nonblock bind=127.0.0.1:$port listen=5 watch=edge serve=edge} \
		{tcp4 nonblock bind=127.0.0.1:$port listen=5 watch=once serve=once}
}

test one_that_only_blocks_is_served { serves_by {tcp4 bind=127.0.0.1:$port listen=5 serve=block} }

# ---- who binds ----

test a_thread_may_bind { serves_by {thread tcp4 bind=127.0.0.1:$port listen=5 serve=poll} }
test a_thread_with_an_epoll_set_may { serves_by {thread tcp4 nonblock bind=127.0.0.1:$port listen=5 watch=edge serve=edge} }
test a_child_may_bind { serves_by {fork tcp4 bind=127.0.0.1:$port listen=5 serve=poll} }
test workers_share_what_was_bound_before { serves_by {tcp4 nonblock bind=127.0.0.1:$port listen=5 workers=3 serve=level} }

test workers_may_each_bind {
	web {workers=2 tcp4 reuseport=1 nonblock bind=127.0.0.1:$port listen=5 mark=%/marks serve=edge}
	repeat 20 { pid $port }
	wait {[lines %/marks] == 2}
}

test as_another_user_too {
	needs_users
	web {workers=2 tcp4 reuseport=1 bind=127.0.0.1:$port listen=5 serve=poll} {user = "65533"}
	repeat 5 { pid $port }
}

test as_an_ordinary_user_too {
	needs_users
	web {tcp4 nonblock bind=127.0.0.1:$port listen=5 watch=edge serve=edge} "" -uid 65533
	repeat 3 { pid $port }
}

# ---- daemons ----

proc is_a_daemon {steps} {
	needs {[has_groups]} "superd can make no control groups here, to know a daemon without a pid file by"
	web $steps "type = forking"
	set first [pid web]
	expect {[pid web] == $first}
	done "stop web"
	wait {![lives $first]}
	expect {[pid web] != $first}
}

test a_daemon_binds_before_it_forks { is_a_daemon {tcp4 bind=127.0.0.1:$port listen=5 daemon serve=poll} }
test or_behind_that { is_a_daemon {daemon tcp4 bind=127.0.0.1:$port listen=5 serve=poll} }

# ---- daemons without type = forking ----

test one_that_goes_there_before_it_binds_is_told_how_to_stay {
	needs_bind
	set port [free_port]
	superd -control {service web { listen = "127.0.0.1:$port" pass = bind backoff_min = 1h backoff_max = 1h
		exec = "/bin/sh -c 'sleep 1000 &'" }}
	set told "; if it goes into the background, let it stay in the foreground, or set type = forking"
	log "web: listening on "
	set client [connect $port]
	log $told
	has [why web] $told
	close $client
}

test a_program_that_goes_into_the_background_is_named_and_stopped {
	web {tcp4 bind=127.0.0.1:$port listen=5 daemon serve=poll} "backoff_min = 1h backoff_max = 1h"
	set told " is stopped; let it stay in the foreground (nginx: daemon off), or set type = forking"
	set client [connect $port]
	log "web: warning: its program went into the background: pid "; log $told; log "next start in "
	wait {[processes] == 0}
	has [why web] $told
	has [control health] {"healthy":false} $told
	close $client
}

# ---- readiness ----

# superd takes no part in accept(2): a program that listens before it is ready says so to its clients itself.
test a_program_that_is_not_ready_yet_has_its_clients {
	web {tcp4 nonblock bind=127.0.0.1:$port listen=5 ready-after=%/go serve=edge} "type = notify"
	pid $port
	has [control "list web"] starting
	write go now
	sees {control "list web"} running
	counts "web: started" 1
}
