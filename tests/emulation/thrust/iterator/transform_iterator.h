/// Thrust's transforming iterator for the emulated device.
#pragma once

namespace thrust {

template <class Function, class From>
struct transform_iterator {
  From from;
  Function function;
  template <class T>
  auto operator[](T n) const {
    return function(from[n]);
  }
};
template <class From, class Function>
transform_iterator<Function, From> make_transform_iterator(From from, Function function) {
  return {from, function};
}

}  // namespace thrust
