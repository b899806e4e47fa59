# Servers as they are, each at a port of all addresses and at one of 127.0.0.1.
suite bind_servers
uses binding

# A program in the PATH, or nothing.
proc found {name} {
	foreach folder [split $::env(PATH):/usr/sbin :] {
		if {[file executable $folder/$name]} { return $folder/$name }
	}
}

proc builds {args} { lassign [run {*}$args] status output errors; expect {$status == 0} $output$errors }

proc is_answered {ip port question answer} {
	set said ""
	catch {
		set channel [socket $ip $port]
		chan configure $channel -translation binary -buffering none
		chan puts -nonewline $channel $question
		set said [chan read $channel [string length $answer]]
	}
	catch { chan close $channel }
	expr {$said eq $answer}
}

# A command with $address and $port, and $address where that means all; -ips that it answers at then, -options of the row.
# It sleeps and wakes, and always serves; the first client may be reset where superd opens another socket for it.
proc serves_everywhere {command all args} {
	needs_bind
	array set with {-options "" -ips {127.0.0.1 ::1} -asks "GET / HTTP/1.0\r\n\r\n" -says HTTP/1.}
	array set with $args
	foreach {listens address ips} [list {$port} $all $with(-ips) {127.0.0.1:$port} 127.0.0.1 127.0.0.1] {
		set port [free_port]
		set row [filled "listen = \"$listens\" exec = \"$command\" $with(-options)"]
		superd -control "service web { $row\n pass = bind timeout_start = 5min }"
		log "web: listening on "
		wait {[is_answered 127.0.0.1 $port $with(-asks) $with(-says)]}
		repeat 3 {
			foreach ip $ips { expect {[is_answered $ip $port $with(-asks) $with(-says)]} "$command at $ip" }
			done "stop web"
		}
		expect {![logged "is refused"]}
		stop
	}
	file delete -force [path work]
}

test node {
	needs {[found node] ne ""} "node is not installed"
	write hello.js "require('http').createServer((q, a) => a.end('hello')).listen(process.argv\[3], process.argv\[2] || undefined)"
	serves_everywhere "[found node] %/hello.js '\$address' \$port" ""
}

test python {
	set python [program python3-minimal python3]
	needs {$python ne ""} "python3 is not installed"
	serves_everywhere "$python -m http.server --bind \$address -d %/. \$port" 0.0.0.0 -ips 127.0.0.1
	serves_everywhere "$python -m http.server --bind \$address -d %/. \$port" ::
}

test java {
	needs {[found java] ne "" && [found javac] ne ""} "java and javac are not installed"
	write Hello.java {import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
class Hello { public static void main(String[] a) throws Exception {
 int port = Integer.parseInt(a[1]);
 HttpServer s = HttpServer.create(a[0].isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(a[0], port), 0);
 s.createContext("/", e -> { e.sendResponseHeaders(200, 5); e.getResponseBody().write("hello".getBytes()); e.close(); });
 s.start(); } }
}
	builds [found javac] -d %/work %/Hello.java
	serves_everywhere "[found java] -cp %/work Hello '\$address' \$port" ""
}

test go {
	needs {[found go] ne ""} "go is not installed"
	write hello.go {package main
import ("net/http"; "os")
func main() {
 http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) })
 panic(http.ListenAndServe(os.Args[1]+":"+os.Args[2], nil))
}
}
	if {![info exists env(GOCACHE)]} { set env(GOCACHE) [path work] }
	set env(GO111MODULE) off
	builds [found go] build -o %/hello %/hello.go
	serves_everywhere {%/hello '$address' $port} ""
}

# nginx with these `listen` of its own.
proc nginx_serves {listens args} {
	set conf [path nginx[llength $args].conf]
	file mkdir [path work]
	write [file tail $conf] {daemon off; pid %/work/pid; error_log stderr; user root;
events {}
http { access_log off;
 client_body_temp_path %/work/1; proxy_temp_path %/work/2; fastcgi_temp_path %/work/3; uwsgi_temp_path %/work/4;
 scgi_temp_path %/work/5; include %/work/listen.conf; }
}
	set line "server { $listens return 200 hello; }"
	serves_everywhere "/bin/sh -c 'echo \\\"$line\\\" >%/work/listen.conf; exec [found nginx] -c $conf'" 0.0.0.0 {*}$args
}

test nginx {
	needs {[root] && [found nginx] ne ""} "needs root and nginx"
	nginx_serves {listen $address:$port;} -ips 127.0.0.1
	nginx_serves {listen $address:$port; listen [::]:$port;}
}

test redis {
	needs {[found redis-server] ne ""} "redis-server is not installed"
	serves_everywhere "[found redis-server] --port \$port --bind \$address --protected-mode no --save \\\"\\\" --dir %/." "* -::*" \
		-asks "PING\r\n" -says +PONG
}

# Neither initdb nor postgres runs as root. The question is an SSLRequest, and the answer a refusal.
test postgresql {
	set place [lindex [lsort -decreasing [glob -nocomplain {/usr/lib/postgresql/1[4-7]/bin/initdb}]] 0]
	needs {$place ne "" && ![catch { exec id -u nobody } uid] && [has_users]} \
		"needs PostgreSQL, root, and a build that every user can reach"
	set gid [exec id -g nobody]
	file mkdir [path work]
	file attributes [path work] -owner $uid -group $gid -permissions 0700
	builds /usr/bin/setpriv --reuid=$uid --regid=$gid --clear-groups $place -D %/work/cluster -U web -A trust --no-sync
	serves_everywhere "[file dirname $place]/postgres -D %/work/cluster -p \$port -c 'listen_addresses=\$address'\
		-c 'unix_socket_directories=%/work'" * -options {user = nobody working_directory = "/"} \
		-asks "\0\0\0\x08\x04\xd2\x16\x2f" -says N
}
