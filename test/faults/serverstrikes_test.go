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

package faults

import (
	"math/rand/v2"
	"testing"
	"time"
)

// These faults strike the server, which is one process.

// killServer kills the server, and restarts it some time later.
func killServer(t *testing.T, s *stack, _ *workload) {
	server := s.replicas[0]
	server.kill(t)
	time.Sleep(down)
	server.release()
}

// crashes is how often crash kills the server, and moreCrashes how often with -long.
const crashes, moreCrashes = 3, 20

// crash repeatedly kills the server, each time at some moment of the clients' writes, and
// restarts it at once.
func crash(t *testing.T, s *stack, w *workload) {
	server := s.replicas[0]
	random := rand.New(rand.NewPCG(*seed, 5000))
	times := crashes
	if *long {
		times = moreCrashes
	}
	for range times {
		server.waitReady(t)
		w.progress(t, 30)
		time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
		server.kill(t)
		server.release()
	}
}

// stopServer ends the server in order while clients use it, and starts it again.
func stopServer(t *testing.T, s *stack, _ *workload) {
	server := s.replicas[0]
	server.stop(t)
	server.release()
}

// interruptStarts kills the server, or signals it to end, at some moments of its start.
func interruptStarts(t *testing.T, s *stack, _ *workload) {
	server := s.replicas[0]
	random := rand.New(rand.NewPCG(*seed, 5001))
	for i := range 12 {
		server.kill(t)
		server.release()
		eventually(t, "the server is started", server.isUp)
		time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond)
		if i%2 == 0 {
			server.stop(t)
			server.release()
		}
	}
}

// freezeServer freezes the server, which sees a jump of all clocks.
func freezeServer(t *testing.T, s *stack, _ *workload) { s.replicas[0].freezeFor(t, frozen) }

func freezeServerLong(t *testing.T, s *stack, _ *workload) {
	s.replicas[0].freezeFor(t, longFrozen+frozen*2)
}

// cutClients breaks the network between REST clients and the server: first connections
// fail, then they hang.
func cutClients(_ *testing.T, s *stack, _ *workload) {
	server := s.replicas[0]
	server.outages.begin()
	server.proxy.setCut(true)
	time.Sleep(frozen)
	server.proxy.setCut(false)
	server.proxy.stall()
	time.Sleep(frozen)
	server.proxy.resume()
}
