#!/usr/bin/env ruby
# frozen_string_literal: true

# An echo server that may be started on demand: it answers every line in upper case.
#
# Started by a service manager it finds its listening socket at descriptor 3 (LISTEN_PID, LISTEN_FDS);
# started by hand it binds port 8888 itself. With --idle SECONDS it ends once no client has been connected
# for so long. The one hard thing is to end without losing a client: it stops waiting, accepts once more
# without blocking, and ends only when that found nobody. Whoever comes later stays in the socket's
# queue, which is the service manager's, and starts the next echo server.

require 'optparse'
require 'socket'

PORT = 8888
LINE_LIMIT = 64 * 1024
FIRST_PASSED_FD = 3

# The one listening socket that was passed, or nil when none was.
def passed_socket
  return nil unless ENV['LISTEN_PID'] == Process.pid.to_s

  count = ENV['LISTEN_FDS']
  abort "echo-server: LISTEN_FDS is #{count}: exactly one socket is wanted" unless count == '1'
  %w[LISTEN_PID LISTEN_FDS LISTEN_FDNAMES].each { |name| ENV.delete(name) }
  Socket.for_fd(FIRST_PASSED_FD).tap { |socket| socket.close_on_exec = true }
end

# One socket for IPv6 and IPv4, or for IPv4 alone where there is no IPv6.
def bound_socket(port)
  socket = Socket.new(:INET6, :STREAM)
  socket.setsockopt(:SOCKET, :REUSEADDR, true)
  socket.setsockopt(:IPV6, :V6ONLY, false)
  socket.bind(Addrinfo.tcp('::', port))
  socket.tap { socket.listen(Socket::SOMAXCONN) }
rescue Errno::EAFNOSUPPORT, Errno::EADDRNOTAVAIL
  socket&.close
  socket = Socket.new(:INET, :STREAM)
  socket.setsockopt(:SOCKET, :REUSEADDR, true)
  socket.bind(Addrinfo.tcp('0.0.0.0', port))
  socket.tap { socket.listen(Socket::SOMAXCONN) }
end

# Text in upper case, whatever the locale; of bytes that are no text the ASCII letters alone.
def upper(line)
  line.force_encoding(Encoding::UTF_8)
  line.valid_encoding? ? line.upcase : line.b.upcase
end

class EchoServer
  def initialize(listener, greeting, idle)
    @listener = listener
    @greeting = greeting
    @idle = idle
    @clients = 0
    @lock = Mutex.new
    @gone_reader, @gone_writer = IO.pipe
  end

  def run
    deadline = from_now
    loop do
      readable, = IO.select([@listener, @gone_reader], nil, nil, remaining(deadline))
      accept if readable&.include?(@listener)
      deadline = from_now if @gone_reader.read_nonblock(4096, exception: false).is_a?(String)
      break if remaining(deadline)&.zero? && !accept
    end
  end

  private

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def from_now
    @idle && now + @idle
  end

  # Seconds to wait at most; nil, for ever, while a client is here or when no idle time was asked for.
  def remaining(deadline)
    return nil if deadline.nil? || @lock.synchronize { @clients.positive? }

    [deadline - now, 0].max
  end

  # Takes one client if there is one; never waits.
  def accept
    client, = @listener.accept_nonblock(exception: false)
    return false unless client.is_a?(Socket)

    @lock.synchronize { @clients += 1 }
    Thread.new { serve(client) }
    true
  rescue Errno::ECONNABORTED, Errno::EINTR
    true
  end

  def serve(client)
    client.puts(@greeting)
    while (line = client.gets("\n", LINE_LIMIT))
      client.write(upper(line))
    end
  rescue SystemCallError, IOError
    nil # the client has gone: nothing is left to tell it
  ensure
    client.close
    @lock.synchronize { @clients -= 1 }
    @gone_writer.write_nonblock('.', exception: false)
  end
end

idle = nil
port = PORT
OptionParser.new do |options|
  options.banner = 'usage: echo-server.rb [--idle SECONDS] [--port PORT]'
  options.on('--idle SECONDS', Float, 'end when no client has been connected for so long') { |value| idle = value }
  options.on('--port PORT', Integer, "bind this port when started by hand (#{PORT})") { |value| port = value }
end.parse!

%w[INT TERM].each { |signal| trap(signal) { exit! 0 } }

listener = passed_socket
greeting = if listener
             'Hello from echo-server, my socket came from the service manager'
           else
             listener = bound_socket(port)
             "Hello from echo-server, I bound port #{port} myself"
           end
warn "echo-server: #{greeting.split(', ').last}"
EchoServer.new(listener, greeting, idle).run
warn 'echo-server: nobody is here any more, good night'
