# A service of root whose main process gives up root before it binds, as memcached and mosquitto do: it gets what the kernel would let
# it bind.
suite bind_user
uses binding

proc gives_up_root {listen steps} {
	needs {[root]} "needs root, which may become another user"
	needs {[has_users]} "needs a build that every user can reach"
	needs_bind
	set setpriv [program util-linux setpriv]
	superd -control [filled {service web { listen = "$listen" pass = bind user = root timeout_start = 1h
		exec = "$setpriv --reuid=65534 --regid=65534 --clear-groups $tests/binder $steps" }
}]
	log "web: listening on "
}

proc gets {address} {
	set client [connect $address]; send $client ?
	has [line $client] family=
	close $client
}

test the_main_process_gets_a_port_that_it_may_bind {
	set port [free_port]
	gives_up_root 127.0.0.1:$port "tcp4 bind=127.0.0.1:$port listen=64 serve=poll"
	gets $port
	expect {![logged "has asked as uid"]}
}

test it_gets_a_path_in_a_folder_that_it_may_write {
	file mkdir [path open]; file attributes [path open] -permissions 01777
	gives_up_root %/open/socket "unix bind=[path open/socket] listen=64 serve=poll"
	gets [path open/socket]
}

test it_gets_no_path_in_another_folder {
	file mkdir [path closed]
	gives_up_root %/closed/socket "unix try-bind=[path closed/socket] await=%/never"
	set client [connect [path closed/socket]]
	log "it has given up root before, and may not bind "
	sees { why web } "may not bind"
	close $client
}
