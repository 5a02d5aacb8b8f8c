# SPDX-License-Identifier: Apache-2.0
# What is installed besides the program, and the Debian package: `cpack -G DEB` in the build folder,
# after a build (tools/build-package.sh does both).
set(_packaging ${PROJECT_SOURCE_DIR}/packaging)
install(FILES ${_packaging}/endreason.service DESTINATION lib/systemd/system COMPONENT service EXCLUDE_FROM_ALL)
install(FILES ${_packaging}/endreason.yaml DESTINATION /etc/endreason COMPONENT service EXCLUDE_FROM_ALL)
install(FILES ${_packaging}/debian/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/endreason
  COMPONENT service EXCLUDE_FROM_ALL)
# file NAME beside the documents, compressed as Debian wants it
function(er_compressed from to)
  set(made ${PROJECT_BINARY_DIR}/${to}.gz)
  add_custom_command(OUTPUT ${made} DEPENDS ${from} VERBATIM COMMAND gzip -9nc ${from} > ${made})
  list(APPEND _changes ${made})
  set(_changes ${_changes} PARENT_SCOPE)
endfunction()
er_compressed(${PROJECT_SOURCE_DIR}/CHANGELOG.md changelog)
er_compressed(${_packaging}/debian/changelog changelog.Debian)
add_custom_target(changes ALL DEPENDS ${_changes})
install(FILES ${_changes} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/endreason COMPONENT service EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/endreason
  COMPONENT service EXCLUDE_FROM_ALL PATTERN images EXCLUDE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME endreason)
set(CPACK_PACKAGE_VENDOR endreason)
set(CPACK_PACKAGE_CONTACT "the endreason authors <endreason@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "tells what finally happened to every firewall session")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"endreason reads the traffic logs of PAN-OS firewalls, or the packets themselves, and says of every
session whether it was allowed or blocked, which column decided it, who ended it, whether it worked,
and why. The server of this package receives such logs by syslog, keeps them in an embedded database
and shows them in web pages.")
set(CPACK_PACKAGE_INSTALL_DIRECTORY endreason)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${PROJECT_BINARY_DIR};endreason;Unspecified;/;${PROJECT_BINARY_DIR};endreason;service;/")
set(CPACK_COMPONENTS_ALL Unspecified service)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# From libcurl on they are loaded when they are needed, so nothing else asks for them.
# Where the libraries are loaded at the start, dpkg-shlibdeps finds them.
get_property(_later GLOBAL PROPERTY ENDREASON_LATER_PACKAGES)
list(JOIN _later ", " _later)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata, libcurl4 | libcurl3-gnutls, libpcap0.8, librdkafka1, liblz4-1")
if(_later)
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", ${_later}")
endif()
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${_packaging}/debian/postinst;${_packaging}/debian/prerm;${_packaging}/debian/postrm;${_packaging}/debian/conffiles")
include(CPack)
