/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package facade

import (
	"net"
	"net/netip"
	"sync"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

// sharedListener accepts the connections of clients. The networks of the clients share a
// number of places, because each connection takes memory, also without a request. A
// connection beyond the share of its network is closed at once: an HTTP error would
// require a TLS handshake first.
type sharedListener struct {
	*net.TCPListener
	places *fairness.Shares
}

// Accept implements net.Listener.
func (l *sharedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		network := networkOf(conn.RemoteAddr().String())
		if l.places.Take(network) {
			return &sharedConn{TCPConn: conn, leave: sync.OnceFunc(func() { l.places.Leave(network) })}, nil
		}
		metrics.ConnectionsRefused.Inc()
		_ = conn.Close()
	}
}

// sharedConn gives its place back when it is closed.
type sharedConn struct {
	*net.TCPConn
	leave func()
}

// Close implements net.Conn.
func (c *sharedConn) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}

// networkOf returns the network of an address. A client, or the proxy in front of it, can
// use any address of its network: an IPv4 address, or 64 bits of an IPv6 address.
func networkOf(address string) string {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	ip := parsed.Addr().Unmap()
	if ip.Is4() {
		return ip.String()
	}
	network, _ := ip.Prefix(64) // fails for IPv4 only
	return network.String()
}
