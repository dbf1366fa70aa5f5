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

package process

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// portsFrom and portsTo bound the ports that FreePort returns. They are below the range
// of ports that Linux uses for outgoing connections. Otherwise such a connection could
// take a port before the program under test does.
const portsFrom, portsTo = 10000, 32000

// reserved keeps the sockets that reserve the ports that FreePort has returned.
var reserved sync.Map

// FreePort returns a port of loopback that is free now. Until this process ends, neither
// this process nor a concurrent one gets the port from FreePort again: a test may stop
// the program on the port and start it again. A UDP socket of the same number reserves
// the port. The program uses TCP, so the socket is not in its way.
func FreePort() (int, error) {
	for range 1000 {
		port := portsFrom + rand.IntN(portsTo-portsFrom)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		reservation, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			_ = reservation.Close()
			continue
		}
		if err := listener.Close(); err != nil {
			return 0, err
		}
		reserved.Store(port, reservation)
		return port, nil
	}
	return 0, errors.New("there is no free port")
}

// PortFor returns a port from FreePort for a test. The test fails if there is none.
func PortFor(t interface {
	Helper()
	Fatal(args ...any)
}) int {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}
