# Descriptors that superd keeps for a backend: for how long, how many, and which.
suite fdstore

uses notifying

set kept "notify_access = main file_descriptor_store_max = 3 backoff_max = 100ms"

proc web {options {how ""}} { superd {*}$how [web_table "" $options] }
proc names {names} { does "env LISTEN_FDNAMES" $names }
proc store {name} { does "store FDSTORE=1|FDNAME=$name" done }

test descriptors_are_kept_for_the_next_start {
	web $kept
	set pid [web_pid]
	does "env FDSTORE" 3
	store state
	does "store FDSTORE=1" done
	end 0
	names web:state:stored
	does "env LISTEN_FDS" 3
	does "read state" $pid
	end 1
	does "read state" $pid
	does "read stored" $pid
}

test those_of_its_last_moment_are_kept {
	web $kept
	send [connect web] "last FDSTORE=1|FDNAME=a"
	log "ended: exit status 0"
	names web:a:behind
}

test one_descriptor_is_kept_once_and_no_more_than_the_limit {
	web $kept
	does "twice FDSTORE=1|FDNAME=a" done
	foreach name {a b c} { store $name }
	log "file_descriptor_store_max is reached"
	end 0
	names web:a:a:b
	does "say FDSTOREREMOVE=1|FDNAME=a" done
	end 0
	names web:b
}

test all_that_it_may_keep_is_passed {
	web "notify_access = main file_descriptor_store_max = 4000 rlimit_nofile = 4096"
	does "fill 1030" done
	end 0
	does "env LISTEN_FDS" 1031
}

test what_has_hung_up_is_not_kept_unless_asked {
	web $kept
	does "pipe FDSTORE=1|FDNAME=gone" done
	does "letter FDSTORE=1|FDNAME=read" done; # it can be read before
	does "pipe FDSTORE=1|FDNAME=held|FDPOLL=0" done
	end 0
	foreach name {gone read} { wait {[logged "the other end of $name is closed"]} }
	names web:held
}

test without_a_limit_nothing_is_kept {
	web "notify_access = main"
	does barrier passed
	set before [descriptors]
	repeat 5 { store a }
	does barrier passed
	wait {[descriptors] <= $before + 2}; # the way to who closes has two ends
	end 0
	names web
}

test a_store_may_end_with_its_backend {
	web "$kept file_descriptor_store_preserve = no"
	store a
	end 0
	names web
}

test a_store_may_end_with_a_failure {
	web "$kept file_descriptor_store_preserve = on-success"
	store a
	end 0
	names web:a
	end 1
	names web
}

# A reload keeps it, as the service goes on; out of the table it is closed.
test a_store_outlives_a_reload_and_not_its_service {
	web $kept
	repeat 2 { does barrier passed; end 0 }; # from the second start on, a control group is kept open
	store first; # from the first on, the set in which their ends are awaited
	does "say FDSTOREREMOVE=1|FDNAME=first" done
	does barrier passed
	set before [descriptors]
	store a
	end 0
	wait {[descriptors] <= $before + 1}
	reload [web_table "" "$kept umask = 077"]
	names web:a
	end 0
	reload {service other { listen = "127.0.0.1:0" exec = "$tests/notifier" }}
	wait {[descriptors] <= $before}
}

# Out of service for a while, it may stay or not.
test a_service_that_is_disabled_loses_it {
	foreach preserve {restart yes} {
		set options "$kept file_descriptor_store_preserve = $preserve"
		web $options
		store a
		end 0
		reload [web_table "" "$options disable = yes"]
		reload [web_table "" $options]
		names web
		stop
	}
}

test one_that_an_operator_disables_loses_it {
	web $kept -control
	foreach awake {0 1} {
		store a
		if {!$awake} { end 0 }
		done "disable web"
		done "enable web"
		names web
	}
}

test it_is_passed_behind_a_socket_as_standard_input_too {
	web "$kept pass = inetd"
	does "env LISTEN_FDS" unset
	store a
	end 0
	names a
	does "env LISTEN_FDS" 1
}

test a_command_before_the_backend_may_fill_it {
	web {exec_start_pre = "$tests/notifier 'store FDSTORE=1|FDNAME=early' 'end 0'" notify_access = exec file_descriptor_store_max = 1}
	names web:early
}

suite store

test another_user_of_the_service_does_not_get_it {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	needs {[root]} "takes root, to start as another user"
	web "$kept user = \"nobody\""
	store a
	end 0
	names web:a
	end 0
	reload [web_table "" "$kept user = \"daemon\""]
	names web
}
