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

// Package leader fences the writes of the leader by its lease: a process that lost
// the lease, or cannot prove that it still holds it, does not write.
//
// Leader election alone does not ensure this. A leader that was frozen continues where it
// stopped, with old data, while another replica leads: client-go notices the loss only at
// the next attempt to renew. The fence measures the time since the last renewal at every
// write instead.
//
// A write that the API server has already accepted, or that is sent right at the
// limit, cannot be recalled. For such writes, the limit is shorter than the lease: it is
// the renew deadline, after which client-go gives the lease up anyway. The clock is
// monotonic. It does not count the time during which the whole machine is suspended.
package leader
