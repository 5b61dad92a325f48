/// Which build of the program runs.
#pragma once

#include <string>

namespace naru {

/// The version and the build id that the linker gave the program, a hash of all its code: "0.1.0 7c6dcc8d...". Work
/// that another build left is not taken over, for it may know better now what is in a picture or how to make a voxel.
/// The version alone where the linker gave none.
const std::string& program_build();

}  // namespace naru
