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

package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// Functions that expressions have in addition to CEL's own.
const (
	digFunction    = "dig"
	toJSONFunction = "toJson"
)

// functions declares dig and toJson.
//
//	dig(target, "a.b.0.c")  the value at a path of map keys and list indices, null if there is none
//	toJson(value)           the value as a JSON string
func functions() []cel.EnvOption {
	return []cel.EnvOption{
		cel.Function(digFunction, cel.Overload("dig_dyn_string",
			[]*cel.Type{cel.DynType, cel.StringType}, cel.DynType, cel.BinaryBinding(dig))),
		cel.Function(toJSONFunction, cel.Overload("to_json_dyn",
			[]*cel.Type{cel.DynType}, cel.StringType, cel.UnaryBinding(toJSON))),
	}
}

func dig(target, path ref.Val) ref.Val {
	for step := range strings.SplitSeq(string(path.(types.String)), ".") {
		target = child(target, step)
	}
	return target
}

// child returns the member or element of a value that a step of a path names, null if
// there is none.
func child(value ref.Val, step string) ref.Val {
	switch container := value.(type) {
	case traits.Mapper:
		if found, ok := container.Find(types.String(step)); ok {
			return found
		}
	case traits.Lister:
		index, err := strconv.ParseUint(step, 10, 32)
		if size, ok := container.Size().(types.Int); err == nil && ok && index < uint64(size) {
			return container.Get(types.Int(index))
		}
	}
	return types.NullValue
}

func toJSON(value ref.Val) ref.Val {
	native, err := toNative(value)
	if err != nil {
		return types.WrapErr(fmt.Errorf("%s: %w", toJSONFunction, err))
	}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false) // messages are for people
	if err := encoder.Encode(native); err != nil {
		return types.WrapErr(fmt.Errorf("%s: %w", toJSONFunction, err))
	}
	return types.String(strings.TrimSuffix(encoded.String(), "\n"))
}

// toNative converts a value to what encoding/json encodes. CEL's own conversion would
// turn integers beyond 53 bits into strings.
func toNative(value ref.Val) (any, error) {
	switch v := value.(type) {
	case types.Null:
		return nil, nil
	case types.Bool, types.Int, types.Uint, types.Double, types.String:
		return v.Value(), nil
	case *types.Optional:
		if !v.HasValue() {
			return nil, nil
		}
		return toNative(v.GetValue())
	case traits.Lister:
		list := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			element, err := toNative(it.Next())
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		return list, nil
	case traits.Mapper:
		members := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			name, ok := key.ConvertToType(types.StringType).(types.String)
			if !ok {
				return nil, fmt.Errorf("a key of type %s", key.Type())
			}
			member, err := toNative(v.Get(key))
			if err != nil {
				return nil, err
			}
			members[string(name)] = member
		}
		return members, nil
	}
	// Times, durations and bytes, as protocol buffers write them in JSON.
	converted, err := value.ConvertToNative(reflect.TypeFor[*structpb.Value]())
	if err != nil {
		return nil, err
	}
	encoded, err := protojson.Marshal(converted.(*structpb.Value))
	return json.RawMessage(encoded), err
}

// functionCosts adds the costs of dig and toJson to the costs of CEL's own functions: the
// length of the path or of the JSON, in CEL's unit for strings.
type functionCosts struct{}

// CallCost implements interpreter.ActualCostEstimator.
func (functionCosts) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	var text ref.Val
	switch function {
	case digFunction:
		text = args[1]
	case toJSONFunction:
		text = result
	default:
		return nil
	}
	s, _ := text.(types.String) // an error has no length
	cost := 1 + uint64(len(s))/10
	return &cost
}
