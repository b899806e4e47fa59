# Real servers that can't end by themselves: each is started by a client, left alone as long as one is connected, ended once
# nobody is, and started again. One that is not installed is skipped.
suite idle_daemons

proc web {exec {more ""}} {
	superd -clock {service web { listen = "127.0.0.1:0" exec = "$exec" idle_timeout = 5min $more }}
}

# A connection that stays open behind its answer.
proc connect_and_ask {service} {
	set client [connect $service]
	send $client "GET / HTTP/1.1\r\nHost: localhost\r\n\r"
	while {[line $client] ne "\r"} {}
	return $client
}

# Several times the five minutes, and no stop but those before; then the client goes.
proc stays_awake_until_it_goes {client stops} {
	repeat 8 { advance 4min; counts "stopping pid " $stops }
	close $client
	until 1min {[count "stopping pid "] > $stops}
	log "no client has been connected for "
	wait {[processes] == 0}
}

proc sleeps_and_wakes {} {
	foreach stops {0 1} { stays_awake_until_it_goes [connect_and_ask web] $stops }
}

test python_with_a_thread_a_client {
	needs {[exists /usr/bin/python3]} "there is no python3 here"
	write web.py {
import socket, sys
from http.server import ThreadingHTTPServer, SimpleHTTPRequestHandler
class Handler(SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
server = ThreadingHTTPServer(('127.0.0.1', 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=3)
server.serve_forever()
}
	web "/usr/bin/python3 %/web.py"
	sleeps_and_wakes
}

test node {
	needs {[exists /usr/bin/node]} "there is no node here (Debian: nodejs)"
	write web.js {
require('http').createServer({ keepAliveTimeout: 60000 }, (request, response) => {
    response.writeHead(204);
    response.end();
}).listen({ fd: 3 });
}
	web "/usr/bin/node %/web.js"
	sleeps_and_wakes
}

test gunicorn_with_several_workers {
	needs {[exists /usr/bin/gunicorn]} "there is no gunicorn here (Debian: gunicorn)"
	write app.py {
def app(environ, start_response):
    start_response('204 No Content', [])
    return []
}
	path __pycache__
	web "/usr/bin/gunicorn --workers 3 --threads 2 --keep-alive 60 --chdir %/. app:app" {env = { "PYTHONDONTWRITEBYTECODE=1" }}
	sleeps_and_wakes
}

# nginx finishes whom it serves at its signal.
test nginx_with_a_master_and_a_worker {
	needs {[exists /usr/sbin/nginx]} "there is no nginx here (Debian: nginx-light)"
	set address 127.0.0.1:[free_port]
	set folder [path nginx]
	file mkdir $folder
	foreach left {pid body proxy fastcgi uwsgi scgi} { path nginx/$left }
	write nginx.conf [replaced [replaced [read [example nginx.conf]] /run/superd-nginx $folder] 127.0.0.1:8091 $address]
	superd -clock {service web { listen = "$address" exec = "/usr/sbin/nginx -e stderr -c %/nginx.conf -g 'daemon off;'"
		env = { "NGINX=%{fd};" } kill_signal = QUIT idle_timeout = 5min }}
	sleeps_and_wakes
}

test fcgiwrap_on_a_unix_socket {
	needs {[exists /usr/sbin/fcgiwrap]} "there is no fcgiwrap here (Debian: fcgiwrap)"
	superd -clock {service fcgi { listen = "%/fcgi.sock" pass = inetd exec = "/usr/sbin/fcgiwrap" idle_timeout = 5min }}
	node %/fcgi.sock
	foreach stops {0 1} {
		set client [connect %/fcgi.sock]
		put $client "\x01" ;# its library drops who is silent for two seconds
		log "fcgi: started"
		stays_awake_until_it_goes $client $stops
	}
}

proc is_echoed {service} { set client [connect $service]; send $client hello; line $client; close $client }

# The table of conf/ as it stands, but for min_awake.
test idle_conf_does_what_it_says {
	needs {[exists /usr/bin/python3] && [exists /usr/bin/ruby]} "there is no python3 or no ruby here"
	set conf [replaced [example_table idle.conf] {"nobody"} {"$user"}]
	foreach port {8094 8095 8096} { set conf [replaced $conf 127.0.0.1:$port 127.0.0.1:0] }
	superd -clock [replaced $conf "min_awake    = 30s" "min_awake = 1h"]
	close [connect_and_ask http]
	until 1min {[logged "http: stopping pid "]}
	is_echoed ruby
	repeat 14 { advance 4min; expect {![logged "is frozen until a client connects"]} }
	until 1min {[logged "is frozen until a client connects"]}
	log "ruby: pid "; log "is frozen until a client connects"
	is_echoed ruby
}
