# Servers with ways of their own to be told of descriptors: nginx, haproxy, php-fpm, and what Upstart's said. The tables
# are those of conf/ and the configurations those of contrib/examples, with the addresses and folders of a test put in.
suite own_ways

# A table of conf/ as this user, with this configuration in place of the checkout's.
proc table_of {name configuration text} {
	set table [replaced [example_table $name.conf] $::env(SUPERD_EXAMPLES)/../../contrib/examples/$configuration \
		[write own-$configuration $text]]
	replaced $table {"nobody"} "\"$::user\""
}
proc configuration {name} { read [example $name] }

proc page {address} {
	set client [connect $address]
	send $client "GET / HTTP/1.0\r\nHost: localhost\r\n\r"
	set said [rest $client]
	close $client
	return $said
}

test nginx_takes_its_socket_by_NGINX {
	needs {[exists /usr/sbin/nginx]} "there is no nginx here (Debian: nginx-light)"
	set address 127.0.0.1:[free_port]
	set folder [path nginx]
	file mkdir $folder
	foreach left {pid body proxy fastcgi uwsgi scgi} { path nginx/$left }
	set text [replaced [replaced [configuration nginx.conf] /run/superd-nginx $folder] 127.0.0.1:8091 $address]
	set table [replaced [table_of nginx nginx.conf $text] 127.0.0.1:8091 $address]
	superd [replaced $table {{ "superd-nginx" }} "{ }"]
	has [page nginx] "Hello from nginx"
	log "using inherited sockets"
	has [page nginx] "Hello from nginx"
}

test haproxy_takes_its_sockets_by_their_numbers {
	needs {[exists /usr/sbin/haproxy]} "there is no haproxy here (Debian: haproxy)"
	set table [table_of haproxy haproxy.cfg [configuration haproxy.cfg]]
	foreach port {8092 8093} { set table [replaced $table 127.0.0.1:$port 127.0.0.1:0] }
	superd $table
	has [page haproxy/0] "Hello from haproxy"
	has [page haproxy/1] "Statistics Report"
}

# A question of FastCGI that the server answers itself: how many requests it takes on one connection. The answer is a
# FCGI_GET_VALUES_RESULT.
proc ask_fastcgi {path} {
	node $path
	set client [connect $path]
	put_bytes $client "\x01\x09\0\0\0\x11\0\0\x0f\0FCGI_MPXS_CONNS"
	set answer [get_bytes $client 26]
	expect {[string index $answer 1] eq "\n"}
	expect {[string range $answer 8 end] eq "\x0f\x01FCGI_MPXS_CONNS0"}
	close $client
}

test php_fpm_takes_its_socket_by_FPM_SOCKETS {
	needs {[exists /usr/sbin/php-fpm8.2]} "there is no php-fpm8.2 here (Debian: php-fpm)"
	set text [replaced [replaced [configuration php-fpm.conf] /run/superd-php-fpm.sock %/php.sock] /run/superd-php-fpm/log %/log]
	set table [replaced [table_of php-fpm php-fpm.conf $text] /run/superd-php-fpm.sock %/php.sock]
	if {[root]} {
		set table [replaced $table " -F " " -F -R "]
		write own-php-fpm.conf "$text\nuser = nobody\n"
	}
	superd [replaced $table {{ "superd-php-fpm" }} "{ }"]
	repeat 2 { ask_fastcgi %/php.sock }
}

test what_upstart_said_is_said_by_a_template {
	superd {service a { listen = "127.0.0.1:0" exec = "$tests/report %/report"
		env = { "UPSTART_FDS=%{fd}", "UPSTART_EVENTS=socket" } }}
	ask a x
	fields [reported %/report] env.UPSTART_FDS 3 env.UPSTART_EVENTS socket
}
